import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EXIT_CODES } from '../../src/base/exit-codes.ts';
import { moka } from '../main/moka-process.ts';
import { EngineProcess, type Exit } from './support/engine-process.ts';
import { readLog } from './support/log-contents.ts';
import { freshPath, topologyFile } from './support/scratch.ts';
import { ORDERS, order } from './support/shop.ts';

/** A directory that cannot be used is said to be, in one line that names it; one that can be used is. */
const ORDER_COUNT = 30;
/** A directory whose engine was killed: what it holds lies in the log. */
const killed = freshPath('killed');
/** The same after a drain: all of it is in a checkpoint too. */
const drained = freshPath('drained');

beforeAll(async () => {
  const engine = await EngineProcess.start({ data: killed, partitions: 1 });
  for (let n = 0; n < ORDER_COUNT; n++) expect((await engine.post(ORDERS, order(`o-${n}`))).status).toBe(201);
  await engine.kill();

  copy(killed, drained);
  expect((await (await EngineProcess.start({ data: drained })).stop()).code).toBe(0);
});

/** A copy that may be spoilt. */
function copyOf(source: string): string {
  const path = freshPath();
  copy(source, path);
  return path;
}

/** A killed engine leaves its lock, a socket that nobody listens on. */
function copy(source: string, target: string): void {
  cpSync(source, target, { recursive: true, filter: (path) => !path.endsWith('LOCK.sock') });
}

function said({ stderr }: Exit): { code: string; message: string } {
  const last = stderr.trim().split('\n').at(-1) as string;
  return JSON.parse(last) as { code: string; message: string };
}

async function expectRefused(data: string, exitCode: number, code: string, pattern: RegExp): Promise<void> {
  const exit = await EngineProcess.startInVain({ data });
  expect([exit.code, said(exit)]).toEqual([exitCode, expect.objectContaining({ event: 'error', code })]);
  expect(said(exit).message).toMatch(pattern);
}

async function expectComplete(data: string): Promise<void> {
  const engine = await EngineProcess.start({ data });
  const { json } = await engine.get('/v1/views/orders');
  expect((json['rows'] as unknown[]).length).toBe(ORDER_COUNT);
  const again = await engine.post(ORDERS, order('o-7'));
  expect([again.status, again.json['duplicate']]).toEqual([201, true]);
  const next = await engine.post(ORDERS, order('next'));
  expect([next.status, next.json['offset']]).toEqual([201, ORDER_COUNT]);
  expect((await engine.stop()).code).toBe(0);
}

function emptyDirectory(): string {
  const path = freshPath();
  mkdirSync(path, { recursive: true });
  return path;
}

/** Permissions do not bind root: where the tests run as root, the engine runs as somebody else. */
const NOBODY = 65534;
const IS_ROOT = process.getuid?.() === 0;
const NOT_ROOT = IS_ROOT ? { user: NOBODY } : {};

function giveAway(path: string): void {
  if (!IS_ROOT) return;
  chmodSync(join(path, '..'), 0o755);
  for (const name of readdirSync(path, { recursive: true }) as string[]) chownSync(join(path, name), NOBODY, NOBODY);
  chownSync(path, NOBODY, NOBODY);
}

function changeMeta(data: string, changes: object): void {
  const path = join(data, 'moka.json');
  const meta = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...meta, ...changes }));
}

function removeLogsAndStates(data: string): void {
  for (const name of ['log', 'state']) rmSync(join(data, name), { recursive: true });
}

function segment(data: string): string {
  return join(data, 'log/0/slot-000001');
}

function patch(path: string, position: number, change: (bytes: Buffer) => void, length: number): void {
  const bytes = readFileSync(path);
  change(bytes.subarray(position, position + length));
  writeFileSync(path, bytes);
}

describe('a data directory', () => {
  let engine: EngineProcess;

  beforeAll(async () => {
    engine = await EngineProcess.start({ data: freshPath('held') });
  });

  afterAll(() => engine.kill());

  it('belongs to one engine at a time; the second is told which process has it', async () => {
    const data = copyOf(killed);
    const first = await EngineProcess.start({ data });
    await expectRefused(data, 74, 'ERR_DATA_OCCUPIED', new RegExp(`${data} is in use by process pid=${first.pid};`));
    expect((await first.post(ORDERS, order('still-here'))).status).toBe(201);
    await first.kill();
    const heirs = [new EngineProcess({ data }), new EngineProcess({ data })];
    const outcomes = await Promise.all(
      heirs.map((heir) => Promise.race([heir.ready(), heir.exited]).catch(() => heir.exited)),
    );
    expect(outcomes.map((outcome) => outcome?.code ?? 'ready').sort()).toEqual([74, 'ready']);
    await Promise.all(heirs.map((heir) => heir.kill()));
  });

  it('is given back by an engine whose port is taken', async () => {
    const data = freshPath();
    const exit = await EngineProcess.startInVain({ data, port: engine.port });
    expect([exit.code, said(exit).code]).toEqual([74, 'ERR_PORT_OCCUPIED']);
    expect(said(exit).message).toContain(`port=${engine.port}`);
    expect((await engine.get('/livez')).status).toBe(200);
    expect((await (await EngineProcess.start({ data })).stop()).code).toBe(0);
  });

  it('of a later version is left alone', async () => {
    const data = copyOf(drained);
    changeMeta(data, { version: 2 });
    await expectRefused(data, 76, 'ERR_DATA_VERSION', /version=2 supported=1/);
  });

  it.each([
    ['log', 'log/0/LOG', /log version found=2 expected=1 path=\S*log\/0\/LOG/],
    ['checkpoint', 'state/0/CURRENT', /version=2/],
  ])('with a %s of a later version is left alone', async (_what, file, pattern) => {
    const data = copyOf(drained);
    const path = join(data, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('"version":1');
    writeFileSync(path, text.replace('"version":1', '"version":2'));
    await expectRefused(data, 76, 'ERR_DATA_VERSION', pattern);
    expect(readFileSync(path, 'utf8')).toContain('"version":2');
  });

  it('of which one partition cannot be opened does not open, and the others do not wait for it', async () => {
    const data = freshPath();
    const options = { data, partitions: 2, env: { MOKA_WORKERS: '2' } };
    const before = await EngineProcess.start(options);
    for (let n = 0; n < ORDER_COUNT; n++) expect((await before.post(ORDERS, order(`o-${n}`))).status).toBe(201);
    expect((await before.stop()).code).toBe(0);
    const pointer = join(data, 'state/1/CURRENT');
    const pointed = readFileSync(pointer, 'utf8');
    writeFileSync(pointer, pointed.replace('"version":1', '"version":2'));
    const exit = await EngineProcess.startInVain(options);
    expect([exit.code, said(exit).code]).toEqual([76, 'ERR_DATA_VERSION']);
    writeFileSync(pointer, pointed);
    expect((await (await EngineProcess.start(options)).stop()).code).toBe(0);
  });

  it.each<[string, (data: string) => void, RegExp]>([
    [
      'whose moka.json is no JSON',
      (data) => writeFileSync(join(data, 'moka.json'), 'coffee'),
      /file=moka.json is not JSON/,
    ],
    ['whose moka.json is gone', (data) => rmSync(join(data, 'moka.json')), /has logs but no moka.json/],
    ['whose secret is cut short', (data) => truncateSync(join(data, 'secret'), 7), /file=secret bytes=7 expected=16/],
    ['whose secret is gone', (data) => rmSync(join(data, 'secret')), /secret/],
    [
      'whose secret is another',
      (data) => writeFileSync(join(data, 'secret'), Buffer.alloc(16, 7)),
      /file=secret is not the one that its logs were written with: check=[0-9a-f]{16} expected=[0-9a-f]{16}; restore/,
    ],
    [
      'whose moka.json says more partitions',
      (data) => changeMeta(data, { partitions: 2 }),
      /partitions=2, but log\/1\/LOG is missing; restore moka\.json or the logs/,
    ],
    [
      'whose moka.json does not say of each log where its topology took over',
      (data) => changeMeta(data, { since: [3, 4] }),
      /since=\[3,4\]: must be one offset for each of partitions=1/,
    ],
    ['whose logs and states are gone', removeLogsAndStates, /partitions=1, but log\/0\/LOG is missing; restore/],
    [
      'one of whose logs has lost its LOG',
      (data) => rmSync(join(data, 'log/0/LOG')),
      /partitions=1, but log\/0\/LOG is missing/,
    ],
    [
      'that has a log too many',
      (data) => cpSync(join(data, 'log/0'), join(data, 'log/1'), { recursive: true }),
      /partitions=1, but log\/1 is there; restore/,
    ],
  ])('%s cannot be used', async (_name, spoil, pattern) => {
    const data = copyOf(drained);
    spoil(data);
    await expectRefused(data, 76, 'ERR_DATA_UNUSABLE', pattern);
  });

  it('made before there was a check value takes its secret over, and refuses another from then on', async () => {
    const data = copyOf(drained);
    changeMeta(data, { secretCheck: undefined });
    expect((await (await EngineProcess.start({ data })).stop()).code).toBe(0);
    writeFileSync(join(data, 'secret'), Buffer.alloc(16, 7));
    await expectRefused(data, 76, 'ERR_DATA_UNUSABLE', /file=secret is not the one/);
  });

  it('that is a file cannot be used', async () => {
    const data = freshPath();
    mkdirSync(join(data, '..'), { recursive: true });
    writeFileSync(data, '');
    await expectRefused(data, 76, 'ERR_DATA_UNUSABLE', /EEXIST|ENOTDIR/);
  });

  it.each<[string, () => string, (data: string) => void, RegExp]>([
    [
      'that is new and may not be written',
      emptyDirectory,
      (data) => chmodSync(data, 0o555),
      /^data directory=\S+ cannot be used: EACCES: .*'\S+data-\d+\/secret\.tmp'; the user that runs moka \(uid=\d+\) must/,
    ],
    [
      'that has data and may not be written',
      () => copyOf(drained),
      (data) => chmodSync(data, 0o555),
      /^data directory=\S+data-\d+ cannot be locked: .*EACCES.*; the user that runs moka \(uid=\d+\) must be able to read and/,
    ],
    [
      'with a state that may not be written',
      () => copyOf(drained),
      (data) => chmodSync(join(data, 'state/0/1'), 0o555),
      /^checkpoint directory=\S+state\/0\/1 cannot be used: EACCES: .*; the user that runs moka/,
    ],
    [
      'with a log that may not be read',
      () => copyOf(drained),
      (data) => chmodSync(join(data, 'log/0'), 0o000),
      /^data directory=\S+ cannot be used: EACCES: .*'\S+log\/0'; the user that runs moka/,
    ],
  ])('%s cannot be used', async (_name, make, spoil, pattern) => {
    const data = make();
    giveAway(data);
    spoil(data);
    const exit = await EngineProcess.startInVain({ data, ...NOT_ROOT });
    expect([exit.code, said(exit).code]).toEqual([76, 'ERR_DATA_UNUSABLE']);
    expect(said(exit).message).toMatch(pattern);
  });

  it('is not made for a topology that cannot be loaded, and does not fix the number of partitions', async () => {
    const parent = emptyDirectory();
    const data = join(parent, 'deep/data');
    const topology = join(parent, 'none.ts');
    for (const text of ['export const topology = 1;', 'throw new Error("not today");', 'export const = ;']) {
      writeFileSync(topology, text);
      const exit = await EngineProcess.startInVain({ data, topology, partitions: 2 });
      expect([exit.code, said(exit).code]).toEqual([2, 'ERR_TOPOLOGY_LOAD']);
      expect(readdirSync(parent)).toEqual(['none.ts']);
    }
    const exit = await EngineProcess.startInVain({ data, topology: join(parent, 'nope.ts'), partitions: 2 });
    expect([exit.code, existsSync(data)]).toEqual([2, false]);
    const engine = await EngineProcess.start({ data, topology: topologyFile('guarantees'), partitions: 4 });
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect((await engine.stop()).code).toBe(0);
  });

  it('keeps its secret from other users, and warns when others may read it', async () => {
    const data = copyOf(drained);
    const secret = join(data, 'secret');
    expect(statSync(join(drained, 'secret')).mode & 0o777).toBe(0o600);
    chmodSync(secret, 0o644);
    const engine = await EngineProcess.start({ data, env: { MOKA_LOG_LEVEL: 'warn' } });
    const { code, stderr } = await engine.stop();
    expect(code).toBe(0);
    expect(stderr).toContain(`file=${secret} mode=644 may be read or changed by other users; chmod 600 ${secret}`);
    const { stdout } = moka(['doctor', '--json', '--data', data]);
    const { findings } = JSON.parse(stdout) as { findings: object[] };
    const found = `file=${secret} mode=644 may be read or changed by other users`;
    expect(findings).toContainEqual({ name: 'Secret', verdict: 'warning', found, advice: `chmod 600 ${secret}` });
  });

  it('keeps its number of partitions', async () => {
    const data = copyOf(drained);
    const exit = await EngineProcess.startInVain({ data, partitions: 2 });
    expect([exit.code, said(exit).code]).toEqual([2, 'ERR_DATA_PARTITIONS']);
    expect(said(exit).message).toMatch(/partitions=1 configured=2/);
  });
});

describe('the number of workers', () => {
  it('may change from start to start', async () => {
    const data = freshPath();
    for (const workers of ['2', '0']) {
      const engine = await EngineProcess.start({ data, partitions: 2, env: { MOKA_WORKERS: workers } });
      const lines = Array.from({ length: 20 }, (_, n) => order(`w-${n}`));
      const results = (await engine.batch(ORDERS, lines)).body.trimEnd().split('\n');
      expect(results.every((line) => line.includes(`"duplicate":${workers !== '2'}`))).toBe(true);
      expect((await engine.get('/v1/views/orders')).json['rows']).toHaveLength(20);
      expect((await engine.stop()).code).toBe(0);
    }
  });
});

describe('a topology that changed', () => {
  const topology = topologyFile('guarantees');

  it('does not take over a log that it did not write', async () => {
    const exit = await EngineProcess.startInVain({ data: copyOf(killed), topology });
    expect([exit.code, said(exit).code]).toEqual([2, 'ERR_TOPOLOGY_CHANGED']);
    expect(said(exit).message).toMatch(/30 logged events of partition=0 .* stop with SIGTERM/);
  });

  it('does not take over state that it has no place for', async () => {
    const exit = await EngineProcess.startInVain({ data: copyOf(drained), topology });
    expect([exit.code, said(exit).code]).toEqual([2, 'ERR_TOPOLOGY_CHANGED']);
    expect(said(exit).message).toMatch(
      /lost a store or moved a stream: store order-life, store view:open-orders, .*stream orders, stream payments, .*; keep/,
    );
  });

  it('goes on from a drained log when it keeps the stores', async () => {
    const data = freshPath();
    const before = await EngineProcess.start({ data, topology });
    expect((await before.post('/v1/streams/notes', { till: 'a', n: 1 })).status).toBe(201);
    await before.stop();
    const after = await EngineProcess.start({ data, topology: topologyFile('guarantees-extended') });
    expect((await after.get('/v1/views/notes/a')).json['value']).toBe(1);
    expect((await after.post('/v1/streams/refunds', { till: 'a', n: 1 })).status).toBe(201);
    await after.kill();
    const back = await EngineProcess.startInVain({ data, topology });
    expect([back.code, said(back).code]).toEqual([2, 'ERR_TOPOLOGY_CHANGED']);
  });

  describe('never has its log replayed by the later one', () => {
    const extended = topologyFile('guarantees-extended');
    const pointer = (data: string): { current: number; previousOffset: number } =>
      JSON.parse(readFileSync(join(data, 'state/0/CURRENT'), 'utf8')) as { current: number; previousOffset: number };
    const spoilCurrent = (data: string): void =>
      truncateSync(join(data, 'state/0', String(pointer(data).current), 'data.mdb'), 0);

    /** Three events under the earlier topology; killed under the later one between its first checkpoint and the copy. */
    async function takenOver(): Promise<string> {
      const data = freshPath();
      const before = await EngineProcess.start({ data, topology, partitions: 1 });
      for (const n of [1, 2, 3]) expect((await before.post('/v1/streams/notes', { till: 'a', n })).status).toBe(201);
      await before.stop();
      const env = { MOKA_FAILPOINT: 'checkpoint.before-turn:1' };
      // It strikes at once, before it is ready or after.
      const { signal } = await new EngineProcess({ data, topology: extended, env }).exited;
      expect(signal).toBe('SIGKILL');
      expect(pointer(data).previousOffset).toBe(-1);
      return data;
    }

    it('also when the current environment cannot be read: the previous one holds all of it soon', async () => {
      const data = await takenOver();
      const after = await EngineProcess.start({ data, topology: extended });
      await vi.waitFor(() => expect(pointer(data).previousOffset).toBe(2), { timeout: 20_000, interval: 50 });
      expect((await after.post('/v1/streams/notes', { till: 'a', n: 4 })).status).toBe(201);
      await after.kill();
      spoilCurrent(data);
      const again = await EngineProcess.start({ data, topology: extended, env: { MOKA_LOG_LEVEL: 'info' } });
      expect((await again.get('/v1/views/notes/a')).json['value']).toBe(4);
      const { code, stderr } = await again.stop();
      expect(code).toBe(0);
      expect(stderr).toMatch(/the previous one is used/);
      expect(stderr).toMatch(/recovered epoch=\d+ checkpoint=2 logEnd=3 replayed=1 /);
    });

    it('and before that is so, a damaged environment ends the start', async () => {
      const data = await takenOver();
      spoilCurrent(data);
      const exit = await EngineProcess.startInVain({ data, topology: extended });
      expect([exit.code, said(exit).code]).toEqual([EXIT_CODES.damaged, 'ERR_CHECKPOINT_DAMAGED']);
      expect(said(exit).message).toMatch(
        /no checkpoint through offset=2 can be read, .* Restore state\/0 from a backup/,
      );
    });
  });
});

describe('a log', () => {
  it('with a damaged byte in the middle stops the engine, with path and offset', async () => {
    const data = copyOf(killed);
    const { events } = readLog(data, 0);
    const target = events[10] as { bytes: Buffer; offset: number };
    const position = readFileSync(segment(data)).indexOf(target.bytes);
    patch(segment(data), position, (bytes) => bytes.fill(0x78), 1);
    await expectRefused(data, 71, 'ERR_LOG_DAMAGED', new RegExp(`path=\\S*slot-000001.*offset=${target.offset}`));
    const { code, stderr } = moka(['log', '--verify', '--data', data]);
    expect(code).toBe(71);
    expect(stderr).toContain('DAMAGED');
  });

  it('with a torn tail loses the tail, which nobody was told about, and nothing else', async () => {
    const data = copyOf(killed);
    const { end } = readLog(data, 0);
    const bytes = readFileSync(segment(data));
    // Half of a block where the next one would stand.
    bytes.copy(bytes, end?.position as number, 4096, 4096 + 512);
    writeFileSync(segment(data), bytes);
    await expectComplete(data);
  });

  it('whose segments are gone below its checkpoint stops the engine', async () => {
    const data = copyOf(drained);
    const log = join(data, 'log/0');
    for (const name of readdirSync(log)) if (name.startsWith('slot-')) rmSync(join(log, name));
    const exit = await EngineProcess.startInVain({ data });
    expect([exit.code, said(exit).code]).toEqual([71, 'ERR_LOG_DAMAGED']);
  });
});

describe('a checkpoint', () => {
  const environment = '1/data.mdb';
  /** What may happen to the checkpoint of a partition, each to one of them. */
  const damages: readonly [string, (state: string) => void][] = [
    ['it is gone', (state) => rmSync(state, { recursive: true })],
    ['its pointer is gone', (state) => rmSync(join(state, 'CURRENT'))],
    ['its pointer is no JSON', (state) => writeFileSync(join(state, 'CURRENT'), 'coffee')],
    ['its file is gone', (state) => rmSync(join(state, environment))],
    ['its file is empty', (state) => truncateSync(join(state, environment), 0)],
    ['its file is cut short', (state) => truncateSync(join(state, environment), 4096)],
    ['its file is zeros', (state) => patch(join(state, environment), 0, (bytes) => bytes.fill(0), 1 << 20)],
    ['its file is something else', (state) => writeFileSync(join(state, environment), 'coffee'.repeat(10_000))],
    ['nothing', () => {}],
  ];

  it(`is made anew from the log, whatever happened: ${damages.map(([name]) => name).join(', ')}`, async () => {
    const data = freshPath();
    const before = await EngineProcess.start({ data, partitions: damages.length });
    const lines = Array.from({ length: 20 * damages.length }, (_, n) => order(`c-${n}`));
    const results = (await before.batch(ORDERS, lines)).body;
    await before.stop();
    damages.forEach(([, spoil], partition) => {
      spoil(join(data, 'state', String(partition)));
    });
    const after = await EngineProcess.start({ data });
    const { json } = await after.get('/v1/views/orders?limit=1000');
    expect((json['rows'] as unknown[]).length).toBe(lines.length);
    const again = (await after.batch(ORDERS, lines)).body;
    expect(again).toBe(
      results.replaceAll('"duplicate":false', '"duplicate":true').replaceAll('"epoch":1', '"epoch":2'),
    );
    expect((await after.stop()).code).toBe(0);
    expect((await (await EngineProcess.start({ data })).stop()).code).toBe(0);
  });
});
