import { Session } from 'node:inspector';

/**
 * What the calling thread spends its CPU on, for as long as it takes.
 * @returns a V8 profile as JSON, which Chrome's and VS Code's tools open
 */
export async function recordCpuProfile(durationMs: number): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await post(session, 'Profiler.enable');
    await post(session, 'Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await post(session, 'Profiler.start');
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    const { profile } = (await post(session, 'Profiler.stop')) as { profile: object };
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}

const SAMPLE_US = 500;

function post(session: Session, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
