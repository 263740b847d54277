import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MOKA, moka } from './moka-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'moka-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('moka', () => {
  it('explains itself', () => {
    const help = moka(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const command of ['serve', 'init', 'doctor', 'log', 'bench', 'config']) expect(help.stdout).toContain(command);
  });

  for (const command of ['serve', 'init', 'doctor', 'log', 'bench', 'config']) {
    it(`${command} explains itself`, () => {
      const { code, stdout } = moka([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: moka ${command}`));
    });
  }

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(moka(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  for (const [args, said] of [
    [[], 'Usage: moka'],
    [['serv'], "error: unknown command 'serv'\n(Did you mean serve?)"],
    [['serve', '--prot', '1'], "error: unknown option '--prot'\n(Did you mean --port?)"],
    [['log', '--limit', 'x'], "argument 'x' is invalid. It must be a whole number."],
    [['serve', '--port'], "error: option '--port <n>' argument missing"],
    [['serve', 'now'], "error: too many arguments for 'serve'"],
    [['bench', '--seconds', '3600'], 'It must be 1 to 60.'],
  ] as const) {
    it(`shows the usage on stderr and ends with 2 for: moka ${args.join(' ')}`, () => {
      const { code, stdout, stderr } = moka(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(said);
      expect(stderr).toContain('Usage: moka');
    });
  }

  it('lists all mistakes of the configuration, starts nothing and ends with 2', () => {
    const file = join(directory, 'wrong.json');
    const data = join(directory, 'never-made');
    writeFileSync(file, '{"htpp":{},"log":{"segmentBytes":1}}');
    const flags = ['--port', '99999', '--admin-port', 'x', '--workers', '3', '--partitions', '2'];
    const { code, stdout, stderr } = moka(['serve', '--config', file, '--data', data, ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('configuration has 5 mistakes:');
    expect(stderr).toContain('admin.port="x" (option): must be a whole number from 0 to 65535');
    expect(stderr).toContain('workers=3: must be at most partitions=2');
    expect(stderr).toContain('htpp (wrong.json): no such setting; did you mean http?');
    expect(stderr).toContain('log.segmentBytes=1 (wrong.json): must be a whole number from 4194304');
    expect(stderr).toContain('http.port=99999 (option): must be a whole number from 0 to 65535');
    expect(() => readFileSync(data)).toThrow('ENOENT');
  });

  it('reports a failure as JSON when asked for JSON', () => {
    const { code, stderr } = moka(['serve', '--json', '--workers', '3', '--partitions', '2']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ event: 'error', code: 'ERR_CONFIG_INVALID' });
  });

  it('ends quietly when the reader of its output goes', () => {
    const { stdout, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${MOKA}" config | head -n 1`], {
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['dataDir = "./data"\n', '']);
  });

  it('sizes the thread pool before anything uses it', () => {
    const probe = join(directory, 'probe.cjs');
    // the pool's threads are made when the first work comes
    const count = "console.error(fs.readdirSync('/proc/self/task').length)";
    writeFileSync(probe, `const fs = require('fs'); process.once('beforeExit', () => fs.stat('.', () => ${count}));`);
    const threads = (env: Record<string, string>): number => {
      const { stderr } = moka(['config', '--schema'], { NODE_OPTIONS: `--require=${probe}`, ...env });
      return Number(stderr.trim().split('\n').at(-1));
    };
    expect(threads({}) - threads({ UV_THREADPOOL_SIZE: '1' })).toBeGreaterThanOrEqual(11);
  });
});

describe('moka config', () => {
  it('prints the schema that stands in config/', () => {
    const written = readFileSync(new URL('../../config/moka.schema.json', import.meta.url), 'utf8');
    expect(moka(['config', '--schema']).stdout).toBe(written);
  });

  it('prints a file that can be given back to it', () => {
    const file = join(directory, 'own.json');
    writeFileSync(file, moka(['config', '--json'], { MOKA_HTTP_PORT: '7070' }).stdout);
    expect(JSON.parse(moka(['config', '--json', '--config', file]).stdout).http.port).toBe(7070);
  });
});

describe('moka doctor', () => {
  it('finds this machine fit', () => {
    const { code, stdout } = moka(['doctor', '--json', '--data', directory]);
    const { event, isFit, findings } = JSON.parse(stdout);
    expect([code, event, isFit]).toEqual([0, 'doctor', true]);
    expect(findings.map(({ name }: { name: string }) => name)).toEqual([
      'Node',
      'C library',
      'Web server',
      'Processor',
      'Memory',
      'Thread pool',
      'Open files',
      'File system',
      'Disk space',
      'Disk flush',
    ]);
  });

  it('ends with 1 where nothing can be written', () => {
    const { code, stdout } = moka(['doctor', '--data', '/proc/moka']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ Disk flush +\/proc cannot be written/);
  });
});

describe('moka init', () => {
  it('writes a project and does not write over it', () => {
    const shop = join(directory, 'shop');
    expect(moka(['init', shop]).stdout).toContain('moka serve --config moka.json');
    const again = moka(['init', shop]);
    expect([again.code, again.stdout]).toEqual([2, '']);
    expect(again.stderr).toContain('already there, nothing was written');
  });
});
