/** What says how far event time has come: a stream, what stands before a hop, or another partition. */
export interface TimeSource {
  /** Every event to come is taken to have happened after it; -Infinity while nothing is known. */
  readonly watermark: number;
  /** Nothing comes for now: it holds nothing back. */
  readonly isIdle: boolean;
  /** Whether a rule of a stream stands behind it; else it is the greatest time seen, Kafka's stream time. */
  readonly hasRule: boolean;
}
