#!/usr/bin/env node
// The command `moka`: sizes the thread pool, then starts the program. libuv sizes its pool the first time anybody uses
// it, and Node 20 uses it to read the first ES module, so that only a CommonJS file comes before that. Each partition
// keeps one thread busy with its flush; four are for the rest (modules, look-ups, preallocation). An idle thread costs
// a few KiB.
process.env['UV_THREADPOOL_SIZE'] ??= String(4 + Math.max(8, 2 * require('node:os').availableParallelism()));
import('./main.ts');
