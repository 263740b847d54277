#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { measureDurably } from './measure-durable.ts';
import { measureInMemory } from './measure-memory.ts';
import { QUERIES } from './queries.ts';
import type { NexmarkQuery } from './query.ts';

/**
 * Measures one query once, in a process of its own: nothing that another query left behind slows it down or speeds it
 * up. Prints the result as one line of JSON.
 *
 *   node .bench/build/native-bench/nexmark/run-one.js --query q5 --events 1000000 --density 100000 [--durable DIR]
 */
const { values } = parseArgs({
  options: {
    query: { type: 'string' },
    events: { type: 'string' },
    density: { type: 'string' },
    seed: { type: 'string', default: '1' },
    durable: { type: 'string' },
  },
});
const query = QUERIES.find(({ name }) => name === values.query) as NexmarkQuery;
const workload = { events: Number(values.events), density: Number(values.density), seed: Number(values.seed) };
const measure = values.durable === undefined ? measureInMemory : measureDurably;
console.log(JSON.stringify(await measure(query, workload, values.durable ?? '')));
