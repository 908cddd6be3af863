import { describe, expect, it } from '@jest/globals';
import { Gather, type GatherOptions } from './gather.js';

/** A gathering whose sends are answered by hand, and whose clock is set. */
function gathering(options: Partial<GatherOptions<string, string>> = {}) {
  const sent: { requests: readonly string[]; answer: () => void; fail: (error: Error) => void }[] =
    [];
  const clock = { nowMs: 0 };
  const gather = new Gather<string, string>({
    send: (requests) =>
      new Promise((resolve, reject) => {
        const answer = () => resolve(requests.map((request) => request.toUpperCase()));
        sent.push({ requests, answer, fail: reject });
      }),
    sendsMax: 2,
    afterTurn: setImmediate,
    elapsedMs: () => clock.nowMs,
    weightOf: () => 1,
    weightMax: 100,
    waitingMax: 10,
    onFull: () => new Error('full'),
    ...options,
  });
  return { gather, sent, clock, batches: () => sent.map(({ requests }) => requests) };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('asking together', () => {
  it('sends what is asked in one turn as one', async () => {
    const { gather, sent, batches } = gathering();
    const asked = ['a', 'b', 'c'].map((request) => gather.ask(request));
    await turn();

    expect(batches()).toEqual([['a', 'b', 'c']]);
    sent[0]?.answer();
    expect(await Promise.all(asked)).toEqual(['A', 'B', 'C']);
  });

  it('lets what is asked meanwhile go together when the answer is there', async () => {
    const { gather, sent, batches } = gathering();
    const first = gather.ask('a');
    await turn();
    const later = [gather.ask('b'), gather.ask('c')];
    await turn();
    expect(batches()).toEqual([['a']]);

    sent[0]?.answer();
    expect(await first).toBe('A');
    await turn();
    expect(batches()).toEqual([['a'], ['b', 'c']]);
    sent[1]?.answer();
    expect(await Promise.all(later)).toEqual(['B', 'C']);
  });

  it('does not let anybody wait for an answer that is late', async () => {
    const { gather, sent, clock, batches } = gathering();
    const slow = gather.ask('a');
    await turn();
    clock.nowMs = 21;
    const fast = gather.ask('b');
    await turn();
    expect(batches()).toEqual([['a'], ['b']]);

    sent[1]?.answer();
    expect(await fast).toBe('B');
    sent[0]?.answer();
    expect(await slow).toBe('A');
  });

  it('has no more sends under way than it may, however late they are', async () => {
    const { gather, clock, batches } = gathering();
    for (const request of ['a', 'b', 'c', 'd']) {
      void gather.ask(request);
      await turn();
      clock.nowMs += 21;
    }

    expect(batches()).toEqual([['a'], ['b']]);
  });

  it('lets a heavy request go alone', async () => {
    const weights: Record<string, number> = { heavy: 500 };
    const weightOf = (request: string) => weights[request] ?? 1;
    const { gather, sent, batches } = gathering({ weightOf });
    const asked = ['a', 'heavy', 'b'].map((request) => gather.ask(request));
    for (let send = 0; send < 3; send++) {
      await turn();
      sent[send]?.answer();
    }

    expect(await Promise.all(asked)).toEqual(['A', 'HEAVY', 'B']);
    expect(batches()).toEqual([['a'], ['heavy'], ['b']]);
  });

  it('fails all of a send that fails, and goes on', async () => {
    const { gather, sent } = gathering();
    const failed = Promise.allSettled([gather.ask('a'), gather.ask('b')]);
    await turn();
    const next = gather.ask('c');
    sent[0]?.fail(new Error('lost'));

    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    sent[1]?.answer();
    expect(await next).toBe('C');
  });

  it('refuses what would wait behind too many', async () => {
    const { gather } = gathering({ waitingMax: 1 });
    void gather.ask('a');
    await expect(gather.ask('b')).rejects.toThrow('full');
  });
});
