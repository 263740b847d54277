import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDays } from '../../src/operators/calendar-days.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const HOUR_MS = 3_600_000;

/** The day that a time lies in. */
function dayOf(zone: string, cutoff: string, time: string): [from: string, to: string, hours: number] {
  const [hours, minutes] = cutoff.split(':').map(Number) as [number, number];
  const days = new CalendarDays(zone, (hours * 60 + minutes) * 60_000);
  const start = days.startOf(Date.parse(time));
  const end = days.endOf(start);
  return [iso(start), iso(end), (end - start) / HOUR_MS];
}

function iso(time: number): string {
  return new Date(time).toISOString().slice(0, 16);
}

describe('CalendarDays', () => {
  it.each<[string, string, string, string, string, number]>([
    ['Europe/Berlin', '04:00', '2026-01-15T02:59:59.999Z', '2026-01-14T03:00', '2026-01-15T03:00', 24],
    ['Europe/Berlin', '04:00', '2026-01-15T03:00:00Z', '2026-01-15T03:00', '2026-01-16T03:00', 24],
    // The clocks are set forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
    ['Europe/Berlin', '00:00', '2026-03-29T12:00:00Z', '2026-03-28T23:00', '2026-03-29T22:00', 23],
    ['Europe/Berlin', '00:00', '2026-10-25T12:00:00Z', '2026-10-24T22:00', '2026-10-25T23:00', 25],
    ['Europe/Berlin', '04:00', '2026-03-29T01:59:00Z', '2026-03-28T03:00', '2026-03-29T02:00', 23],
    // There is no 02:30 on that day: it begins when the clocks show 03:00.
    ['Europe/Berlin', '02:30', '2026-03-29T12:00:00Z', '2026-03-29T01:00', '2026-03-30T00:30', 23.5],
    // There are two: the day begins with the first.
    ['Europe/Berlin', '02:30', '2026-10-25T12:00:00Z', '2026-10-25T00:30', '2026-10-26T01:30', 25],
    ['America/New_York', '00:00', '2026-03-08T12:00:00Z', '2026-03-08T05:00', '2026-03-09T04:00', 23],
    // A midnight that is skipped, a shift of half an hour, and a date that never was.
    ['America/Sao_Paulo', '00:00', '2018-11-04T12:00:00Z', '2018-11-04T03:00', '2018-11-05T02:00', 23],
    ['Australia/Lord_Howe', '00:00', '2026-04-05T01:00:00Z', '2026-04-04T13:00', '2026-04-05T13:30', 24.5],
    ['Pacific/Apia', '00:00', '2011-12-30T09:59:00Z', '2011-12-29T10:00', '2011-12-30T10:00', 24],
    ['Pacific/Apia', '00:00', '2011-12-30T10:00:00Z', '2011-12-30T10:00', '2011-12-31T10:00', 24],
    ['UTC', '00:00', '1969-12-31T23:00:00Z', '1969-12-31T00:00', '1970-01-01T00:00', 24],
  ])('%s from %s on: %s', (zone, cutoff, time, from, to, hours) => {
    expect(dayOf(zone, cutoff, time)).toEqual([from, to, hours]);
  });

  it('cuts all time into days, the same whatever was asked before', () => {
    const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const times = fc.array(fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 }), { maxLength: 6 });
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 86_340 }), times, (name, cutoffSeconds, all) => {
        const days = new CalendarDays(name, cutoffSeconds * 1000);
        for (const time of all) {
          const start = days.startOf(time);
          const end = days.endOf(start);
          expect(start <= time && time < end).toBe(true);
          expect(Math.abs((end - start) / HOUR_MS - 24)).toBeLessThanOrEqual(2);
          expect(days.startOf(end)).toBe(end);
          expect(days.endOf(days.startOf(start - 1))).toBe(start);
          expect(new CalendarDays(name, cutoffSeconds * 1000).startOf(time)).toBe(start);
        }
      }),
      fuzzRuns(20),
    );
  });

  it('refuses a zone that nobody knows', () => {
    expect(() => new CalendarDays('Europe/Nowhere', 0)).toThrow(RangeError);
  });
});
