// data plane
import { assert } from '../base/assert.ts';
import { RECORD_LENGTH } from '../record/layout.ts';
import { BLOCK_HEADER_BYTES, type Block } from './block.ts';

/** One record in the memory it was found in; valid until the next look-up or commit. */
export class RecordView {
  offset = -1;
  logTime = 0;
  epoch = 0;
  /** Byte index of the record in the views below. */
  position = 0;
  length = 0;
  u8: Buffer;
  u32: Uint32Array;
  f64: Float64Array;

  constructor(block: Block) {
    this.u8 = block.u8;
    this.u32 = block.u32;
    this.f64 = block.f64;
  }
}

/** Walks to a record inside a block; goes on from the last one found, so that look-ups in order cost one step each. */
export class RecordFinder {
  readonly view: RecordView;
  private block: Block;
  private blockFirstOffset = -1;

  constructor(block: Block) {
    this.view = new RecordView(block);
    this.block = block;
  }

  find(block: Block, offset: number): RecordView {
    const { view } = this;
    const { u32, length } = block;
    const canGoOn = this.block === block && this.blockFirstOffset === block.firstOffset && view.offset <= offset;
    let at = canGoOn ? view.offset : block.firstOffset;
    let position = canGoOn ? view.position : BLOCK_HEADER_BYTES;
    while (at < offset) {
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
      at += 1;
      assert(position < length, `record offset=${offset} stands in its block`);
    }
    this.block = block;
    this.blockFirstOffset = block.firstOffset;
    view.u8 = block.u8;
    view.u32 = u32;
    view.f64 = block.f64;
    view.offset = offset;
    view.logTime = block.logTime;
    view.epoch = block.epoch;
    view.position = position;
    view.length = u32[(position + RECORD_LENGTH) >>> 2] as number;
    return view;
  }

  /** Forgets where it was: the memory was filled with something else. */
  forget(): void {
    this.blockFirstOffset = -1;
  }
}
