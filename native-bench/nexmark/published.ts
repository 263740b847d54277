/** Thousands of events per second and core. */
export interface PublishedRates {
  /** nexmark-flink, README, first guide: 8 task managers, RocksDB, a checkpoint every 3 minutes, 100 M events. */
  readonly flink: number | null;
  /** Feldera, benchmark/README: 16 cores; the light queries are bound by its generator. */
  readonly feldera: number | null;
}

/** What others have published for their hardware, which is not this one. Null: nothing. */
export const PUBLISHED: Readonly<Record<string, PublishedRates>> = {
  q0: { flink: 155.02, feldera: 436 },
  q1: { flink: 157.94, feldera: 413 },
  q2: { flink: 175.21, feldera: 422 },
  q3: { flink: 152.12, feldera: 413 },
  q4: { flink: 34.33, feldera: 264 },
  q5: { flink: 22.14, feldera: 412 },
  q6: { flink: null, feldera: 250 },
  q7: { flink: 12.33, feldera: 196 },
  q8: { flink: 146.14, feldera: 415 },
  q9: { flink: 14.24, feldera: 57 },
  q10: { flink: 57.81, feldera: null },
  q11: { flink: 39.7, feldera: null },
  q12: { flink: 75.67, feldera: 418 },
  q13: { flink: 130.73, feldera: 230 },
  q14: { flink: 161.23, feldera: 429 },
  q15: { flink: 72.42, feldera: 221 },
  q16: { flink: 18.65, feldera: 51 },
  q17: { flink: 116.8, feldera: 242 },
  q18: { flink: 53.7, feldera: 85 },
  q19: { flink: 44.04, feldera: 75 },
  q20: { flink: 18.98, feldera: 84 },
  q21: { flink: 98.49, feldera: 414 },
  q22: { flink: 129.96, feldera: 394 },
};

export const CAVEATS = [
  'published: per core of other machines; they say where others are, not what they would do here',
  'ours: all CPU of the process, the generator included, as in the reference; the generator alone is in its own column',
  'q10: the rows are made, but no files are written, as they are there',
] as const;
