import { MokaError } from '../base/errors.ts';

/** Where the log stops making sense, and what says that something was acknowledged there. */
export interface DamageReport {
  readonly partition: number;
  readonly path: string;
  readonly position: number;
  /** The first offset that cannot be read. */
  readonly offset: number;
  readonly evidence: string;
}

export function logDamaged(report: DamageReport, cause?: unknown): MokaError {
  const place = `path=${report.path} position=${report.position} offset=${report.offset}`;
  return new MokaError('ERR_LOG_DAMAGED', `log damaged ${place} evidence=${report.evidence}`, {
    partition: report.partition,
    offset: report.offset,
    ...(cause === undefined ? {} : { cause }),
  });
}
