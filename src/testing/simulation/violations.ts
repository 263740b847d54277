/** What the simulation found wrong; the first ones are kept in full. */
export class Violations {
  readonly list: string[] = [];
  count = 0;

  add(what: string, detail: string): void {
    this.count += 1;
    if (this.list.length < 10) this.list.push(`${what}: ${detail}`);
  }
}
