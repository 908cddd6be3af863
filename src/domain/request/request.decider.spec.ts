import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import type { UserId } from '../model.js';
import { REQUEST_KEPT_MS, requestDecider } from './request.decider.js';
import { commandIdAt, requestStream } from './request.stream.js';

const given = specFor(requestDecider);
const NOW_MS = 1_700_000_000_000;
const begun = {
  type: 'RequestBegun',
  fingerprint: 'f',
  begunAtMs: NOW_MS,
  formerAtMs: null,
} as const;
const begin = { type: 'BeginRequest', fingerprint: 'f', nowMs: NOW_MS } as const;
const answered = { type: 'RequestAnswered', sealedAnswer: 'a' } as const;
const answer = {
  type: 'AnswerRequest',
  begunAt: 0,
  sealedAnswer: 'a',
  isRefusal: false,
} as const;
const effect = { type: 'RequestTookEffect', stream: 'staging-t', eventCount: 1 } as const;
const forgotten = { type: 'RequestForgotten', begunAtMs: NOW_MS } as const;
const dayLater = { ...begin, nowMs: NOW_MS + REQUEST_KEPT_MS };

describe('a request that is to be done once', () => {
  it('begins once, and another under its key is refused for a day', () => {
    given().when(begin).then(begun);
    given().when(begin).thenAgain();
    given(begun, effect, answered).when(begin).then();
    given(begun)
      .when({ ...begin, fingerprint: 'g' })
      .refused('key_taken');
    given(begun)
      .when({ ...dayLater, fingerprint: 'g', nowMs: dayLater.nowMs - 1 })
      .refused('key_taken');
  });

  it('begins anew a day later, swept or not', () => {
    const anew = { ...begun, begunAtMs: dayLater.nowMs };
    given(begun, answered)
      .when(dayLater)
      .then({ ...anew, formerAtMs: NOW_MS });
    given(begun, answered, forgotten)
      .when({ ...dayLater, fingerprint: 'g' })
      .then({
        ...anew,
        fingerprint: 'g',
      });
  });

  it('has one answer, the first; none that came for what stood there before', () => {
    given(begun).when(answer).then(answered);
    given(begun, effect).when(answer).then(answered);
    given(begun, answered)
      .when({ ...answer, sealedAnswer: 'b' })
      .then();
    given(begun, answered, forgotten).when(answer).then();
    given(begun, answered, { ...begun, formerAtMs: NOW_MS })
      .when(answer)
      .then();
    given(begun, answered, forgotten, begun)
      .when({ ...answer, begunAt: 3 })
      .then(answered);
  });

  it('is not answered with a refusal once it took effect', () => {
    const refusal = { ...answer, isRefusal: true };
    given(begun).when(refusal).then(answered);
    given(begun, effect).when(refusal).then();
  });

  it('is forgotten after a day, answered or not, and once', () => {
    const forget = { type: 'ForgetRequest', nowMs: dayLater.nowMs } as const;
    given(begun).when(forget).then(forgotten);
    given(begun).when(forget).thenAgain();
    given(begun, answered)
      .when({ ...forget, nowMs: forget.nowMs - 1 })
      .then();
    given().when(forget).then();
  });

  it('may be refused when what it was to write was taken back', () => {
    const refusal = { ...answer, isRefusal: true };
    given(begun, effect, { ...effect, eventCount: 0 })
      .when(refusal)
      .then(answered);
    given(begun, { ...effect, eventCount: 0 }, effect)
      .when(refusal)
      .then();
  });

  it('takes effect while it stands', () => {
    given(effect).cannotBe('what takes effect was begun');
    given(answered).cannotBe('what is answered was begun');
    given(begun, answered, answered).cannotBe('a request has one answer');
    given(forgotten).cannotBe('what is forgotten was begun');
  });

  it('stands in a stream of its caller and key; its command is another one each time', () => {
    const ann = (key: string) => requestStream('ann' as UserId, key);
    expect(ann('k')).toMatch(/^request-[-0-9a-f]{36}$/);
    expect(ann('k')).not.toBe(requestStream('bob' as UserId, 'k'));
    expect(ann('k')).not.toBe(ann('K'));
    expect(requestStream('a/b' as UserId, 'c')).not.toBe(requestStream('a' as UserId, 'b/c'));
    expect(commandIdAt(ann('k'), 0)).not.toBe(commandIdAt(ann('k'), 3));
  });
});
