import { CheckpointWriter } from '../../src/store/checkpoint-writer.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { applyEvent, checkpoint, describeState, openState } from './folded-state.ts';

/** Goes on from what an earlier process saved, says what is committed, and goes on until it is killed. */
const [directory, way] = process.argv.slice(-2) as [string, 'copy' | 'fresh'];
/** Enough to change most rows, or not. */
const eventsPerCheckpoint = way === 'fresh' ? 30 : 5;
const reader = openEnvironments(nodeStateFiles, directory, 0).openForRead();
const savedOffset = reader.meta?.offset ?? -1;
const state = openState(reader);
const rotation = { minEvents: 10 ** 9, eventsPerRow: 1, maxCommits: 3, maxFreshBytes: way === 'fresh' ? 2 ** 30 : 0 };
const writer = new CheckpointWriter(nodeStateFiles, directory, rotation, () => {});

say(`opened ${savedOffset} ${Buffer.from(describeState(state, savedOffset)).toString('base64')}`);
for (let offset = savedOffset + 1; ; offset++) {
  applyEvent(state, offset);
  if (offset % eventsPerCheckpoint !== eventsPerCheckpoint - 1) continue;
  checkpoint(state, writer, offset);
  say(`committed ${offset}`);
  writer.startRotation();
  while (writer.isRotating) writer.rotateSlice();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
