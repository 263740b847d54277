import { MokaError } from '../base/errors.ts';
import type { TopologyMistake } from './graph.ts';

/** A topology that cannot run. The message lists every mistake: where it is, what is wrong, what would be right. */
export class TopologyError extends MokaError {
  override readonly name: string = 'TopologyError';
  readonly topology: string;
  readonly mistakes: readonly TopologyMistake[];

  constructor(topology: string, mistakes: readonly TopologyMistake[], cause?: unknown) {
    const list = mistakes.map(({ node, problem, remedy }, index) => `\n  ${index + 1}. ${node}: ${problem}; ${remedy}`);
    super('ERR_TOPOLOGY_INVALID', `topology=${topology} mistakes=${mistakes.length}${list.join('')}`, { cause });
    this.topology = topology;
    this.mistakes = mistakes;
  }
}
