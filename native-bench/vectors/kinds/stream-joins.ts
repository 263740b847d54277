import type { Joiner as StreamJoiner } from '../../../src/topology/stream-join-node.ts';
import { unknownWords } from '../not-applicable.ts';
import type { Experiment, Scene } from '../scene.ts';
import type { OperatorSpec } from '../vector.ts';
import { joinerOf, type Value } from '../words.ts';
import { marked, markedSteps } from './marked.ts';

type AnyJoiner = StreamJoiner<string | number | null, string | number | null, string | number>;

export function streamStreamJoin({ type, window, self, joiner }: OperatorSpec): Experiment {
  const { beforeMs, afterMs, graceMs } = window as { beforeMs: number; afterMs: number; graceMs: number };
  const options = { before: beforeMs, after: afterMs, grace: graceMs };
  const join: AnyJoiner = (left, right) => joinerOf(joiner)(left, right);
  return {
    build: (scene) => {
      const left = scene.records(self === true ? 'in' : 'left');
      const right = self === true ? left : scene.records('right');
      switch (type) {
        case 'inner':
          return scene.observe(left.join(right, 'join', options, join));
        case 'left':
          return scene.observe(left.leftJoin(right, 'join', options, join));
        case 'outer':
          return scene.observe(left.outerJoin(right, 'join', options, join));
      }
      throw unknownWords('type', type);
    },
  };
}

/** The bounds are those of the other engine: the right event lies from `lower` to `upper` after the left one. */
export function intervalJoin(operator: OperatorSpec): Experiment {
  const { lowerMs, lowerInclusive, upperMs, upperInclusive, joiner } = operator;
  const exclusive = lowerInclusive
    ? upperInclusive
      ? undefined
      : ('after' as const)
    : upperInclusive
      ? ('before' as const)
      : ('both' as const);
  const options = {
    before: -(lowerMs as number),
    after: upperMs as number,
    grace: 0,
    ...(exclusive === undefined ? {} : { exclusive }),
  };
  const join: AnyJoiner = (left, right) => joinerOf(joiner)(left, right);
  return {
    steps: markedSteps,
    build: (scene) => scene.observe(marked(scene, 'left').join(marked(scene, 'right'), 'join', options, join)),
  };
}

/** `(left JOIN right) JOIN right`: the same stream twice. */
export function threeWayJoin(scene: Scene, windowMs: number, graceMs: number, joiner: string): void {
  const join: AnyJoiner = (left: Value, right: Value) => joinerOf(joiner)(left, right);
  const options = { within: windowMs, grace: graceMs };
  const right = scene.records('right');
  const first = scene.records('left').join(right, 'first', options, join);
  scene.observe(first.join(right, 'second', options, join));
}
