// data plane
import { assert } from '../base/assert.ts';
import { RECORD_LENGTH } from '../record/layout.ts';
import { BLOCK_HEADER_BYTES, type Block } from './block.ts';

/** One record in the block it was found in; valid until the next look-up or commit. */
export class RecordView {
  offset = -1;
  /** Byte index of the record in the memory of `view`. */
  position = 0;
  length = 0;
  view: Block;

  constructor(block: Block) {
    this.view = block;
  }
}

/** Walks to a record inside a block; goes on from the last one found, so that look-ups in order cost one step each. */
export class RecordFinder {
  private readonly found: RecordView;
  private blockFirstOffset = -1;

  constructor(block: Block) {
    this.found = new RecordView(block);
  }

  find(block: Block, offset: number): RecordView {
    const { found } = this;
    const { u32, length } = block;
    const canGoOn = found.view === block && this.blockFirstOffset === block.firstOffset && found.offset <= offset;
    let at = canGoOn ? found.offset : block.firstOffset;
    let position = canGoOn ? found.position : BLOCK_HEADER_BYTES;
    while (at < offset) {
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
      at += 1;
    }
    assert(position < length, 'a record stands in its block');
    this.blockFirstOffset = block.firstOffset;
    found.view = block;
    found.offset = offset;
    found.position = position;
    found.length = u32[(position + RECORD_LENGTH) >>> 2] as number;
    return found;
  }

  /** Forgets where it was: the memory was filled with something else. */
  forget(): void {
    this.blockFirstOffset = -1;
  }
}
