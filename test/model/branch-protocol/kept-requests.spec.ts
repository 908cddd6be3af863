import { describe, expect, it } from '@jest/globals';
import { AesSecrets } from '../../../src/app/aes-secrets.js';
import { BeginRequest, BeginRequestHandler } from '../../../src/commands/repeats/begin-request.js';
import { RecordAnswer, RecordAnswerHandler } from '../../../src/commands/repeats/record-answer.js';
import type { CommandId, UserId } from '../../../src/domain/model.js';
import { REQUEST_KEPT_MS } from '../../../src/domain/request/request.decider.js';
import { partitions } from '../../../src/projections/kv-keys.js';
import { Stage } from './stage.js';
import { assertRebuilt } from './world.js';

const secrets = new AesSecrets('a secret key for tests alone');
const told = { status: 201, body: '{"secret_access_key":"of an answer"}', upload: undefined };

class Desk {
  #attempts = 0;

  constructor(private readonly stage: Stage) {}

  begin(key = 'key', { user = 'ann', content = ['a body that nobody may read'] } = {}) {
    const { streams } = this.stage.node();
    const handler = new BeginRequestHandler(streams, secrets, this.stage.world.clock);
    const caller = { user: user as UserId, requestId: `r${this.#attempts++}` };
    const attemptId = `attempt-${this.#attempts}` as CommandId;
    return handler.execute(new BeginRequest(caller, { key, content, attemptId }));
  }

  async answer(begun: Awaited<ReturnType<Desk['begin']>>, answer = told) {
    const { streams, ports } = this.stage.node();
    const handler = new RecordAnswerHandler(streams, secrets, ports.log, ports.kv, ports.clock);
    return handler.execute(new RecordAnswer(begun.request, answer));
  }

  async rows(): Promise<number> {
    const scan = { kind: 'scan', partition: partitions.requests, limit: 100 } as const;
    const [rows = []] = await this.stage.world.kv.read([scan]);
    return rows.length;
  }
}

describe('what is kept of a request under a key', () => {
  it('is told again to its caller, and to nobody else', async () => {
    const desk = new Desk(await Stage.open());
    const first = await desk.begin();
    expect(await desk.answer(first)).toEqual(told);
    const again = await desk.begin();
    expect(again.answer).toEqual(told);
    expect(again.request.commandId).toBe(first.request.commandId);
    for (const other of [await desk.begin('other'), await desk.begin('key', { user: 'bob' })]) {
      expect(other.answer).toBeUndefined();
      expect(other.request.commandId).not.toBe(first.request.commandId);
    }
    await expect(desk.begin('key', { content: ['another'] })).rejects.toMatchObject({
      code: 'key_taken',
    });
    expect(await desk.answer(again, { ...told, status: 500 })).toEqual(told);
  });

  it('can be read by nobody who reads the log', async () => {
    const stage = await Stage.open();
    const desk = new Desk(stage);
    await desk.answer(await desk.begin('a key of ann'));
    const log = JSON.stringify(await stage.world.log.readAll({ after: 0, limit: 1_000 }));
    for (const secret of ['of an answer', 'that nobody may read', 'a key of ann']) {
      expect(log).not.toContain(secret);
    }
  });

  it('goes after a day, and the key is as good as new, swept or not', async () => {
    const stage = await Stage.open();
    const { clock, log, kv } = stage.world;
    const desk = new Desk(stage);
    const first = await desk.begin();
    await desk.answer(first);
    clock.advance(REQUEST_KEPT_MS - 1);
    await stage.node().sweep.run();
    expect([await desk.rows(), (await desk.begin()).answer]).toEqual([1, told]);
    clock.advance(1);
    const second = await desk.begin('key', { content: ['another'] });
    expect([second.answer, second.request.once.isRepeat]).toEqual([undefined, false]);
    expect(second.request.commandId).not.toBe(first.request.commandId);
    expect(await desk.rows()).toBe(1);
    // Who was still at the first one answers nothing for the second.
    await desk.answer(first);
    expect((await desk.begin('key', { content: ['another'] })).answer).toBeUndefined();

    clock.advance(REQUEST_KEPT_MS);
    await stage.node().sweep.run();
    expect(await desk.rows()).toBe(0);
    expect((await desk.begin()).request.once.isRepeat).toBe(false);
    await assertRebuilt(log, kv);
  });
});
