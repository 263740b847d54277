/** The samples of an exposition, each by its name with its labels as they stand there. */
export type Samples = ReadonlyMap<string, number>;

export async function readMetrics(adminUrl: string): Promise<Samples> {
  const response = await fetch(`${adminUrl}/metrics`);
  if (!response.ok) throw new Error(`metrics status=${response.status}`);
  return parseMetrics(await response.text());
}

export function parseMetrics(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(' ');
    if (end > 0 && !line.startsWith('#')) samples.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return samples;
}

/** The sum over every sample of this name whose labels include all of these, as `le="0.016384"`. */
export function sumOf(samples: Samples, name: string, ...labels: readonly string[]): number {
  let sum = 0;
  for (const [sample, value] of samples) {
    const isOfName = sample === name || sample.startsWith(`${name}{`);
    if (isOfName && labels.every((label) => sample.includes(label))) sum += value;
  }
  return sum;
}
