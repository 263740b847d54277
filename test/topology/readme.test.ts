import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
const MOKA = pathToFileURL(join(ROOT, 'dist/index.js')).href;
const README = readFileSync(join(ROOT, 'src/topology/README.md'), 'utf8');

/** Every program of the README with the output that is printed below it. */
const EXAMPLES = [...README.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)].map(
  ([, program, output], index) => ({
    name: `example ${index + 1}`,
    program: program as string,
    output: output as string,
  }),
);

/** What a program prints, run as its reader would run it. */
async function run(program: string): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'moka-readme-'));
  const script = join(scratch, 'example.mjs');
  try {
    const bundle = await build({
      stdin: { contents: program, loader: 'ts', resolveDir: join(ROOT, 'src/topology') },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
      logLevel: 'silent',
      plugins: [
        {
          name: 'moka',
          setup: ({ onResolve }) => onResolve({ filter: /^moka$/ }, () => ({ path: MOKA, external: true })),
        },
      ],
    });
    writeFileSync(script, bundle.outputFiles[0]?.contents ?? '');
    const { stdout, stderr } = spawnSync(process.execPath, [script], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(stderr).toBe('');
    return stdout;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** A fingerprint covers the text of functions, which depends on who compiled them. */
function withoutFingerprint(text: string): string {
  return text.replace(/(?<=fingerprint )[0-9a-f]{32}/, '…');
}

describe('the README of the topology', () => {
  it('has examples', () => {
    expect(EXAMPLES.length).toBeGreaterThan(3);
  });

  it.each(EXAMPLES)('shows what $name prints', async ({ program, output }) => {
    expect(withoutFingerprint(await run(program))).toBe(withoutFingerprint(output));
  });
});
