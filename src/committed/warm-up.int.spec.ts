import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RangeWorkers } from './range-workers.js';
import { RangeWorkerDied } from './thread-session.js';
import { warmUp } from './warm-up.js';

const compiled = pathToFileURL('dist/committed/range-worker.js');

describe('warming up', () => {
  const all: RangeWorkers[] = [];
  const opened = (url = compiled): RangeWorkers => {
    const workers = new RangeWorkers(url, 2);
    all.push(workers);
    return workers;
  };
  afterEach(() => Promise.all(all.splice(0).map((workers) => workers.close())));

  it('has every thread build and merge what large commits do', async () => {
    const workers = opened();
    await warmUp(workers, new AbortController().signal);
    expect(workers.threadCount).toBe(2);
  });

  it('ends when it is to', async () => {
    const ended = new AbortController();
    const warming = warmUp(opened(), ended.signal);
    ended.abort();
    await expect(warming).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('says so when the threads do not run', async () => {
    const workers = opened(new URL('data:text/javascript,process.exit(1)'));
    await expect(warmUp(workers, new AbortController().signal)).rejects.toThrow(RangeWorkerDied);
  });
});
