/** The public API of moka. */
export { type ErrorCode } from './base/error-catalogue.ts';
export { MokaError } from './base/errors.ts';
export { createEngine, type Engine, type EngineOptions } from './engine/engine.ts';
export type { EngineView, Page, Row } from './engine/engine-view.ts';
export type { IngestOptions, IngestResult } from './ingress/ingest-reply.ts';
