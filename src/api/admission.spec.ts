import { describe, expect, it } from '@jest/globals';
import { Admission, type AdmissionKind, type Leave, type Refused } from './admission.js';

const LIMITS = { requestsMax: 2, uploadsMax: 1, waitingMax: 2, waitMsMax: 100 };

function door(limits = LIMITS) {
  const time = { ms: 0 };
  const admission = new Admission(limits, () => time.ms);
  const enter = (kind: AdmissionKind = 'request') => {
    const told: { answer?: Leave | Refused; giveUp?: (() => void) | undefined } = {};
    told.giveUp = admission.enter(kind, (answer) => {
      expect(told.answer).toBeUndefined();
      told.answer = answer;
    });
    return told;
  };
  return { time, admission, enter };
}

const leave = ({ answer }: { answer?: Leave | Refused }): void => {
  if (typeof answer !== 'function') throw new Error(`not inside: ${answer}`);
  answer();
};
const isIn = ({ answer }: { answer?: Leave | Refused }): boolean => typeof answer === 'function';

describe('who may come in', () => {
  it('is everybody while there is room, and then who came first', () => {
    const { enter, admission } = door();
    const [a, b, c, d] = [enter(), enter(), enter(), enter()];
    expect([a, b, c, d].map(isIn)).toEqual([true, true, false, false]);
    expect(admission.counts).toEqual({ request: 2, upload: 0, waiting: 2 });
    leave(b);
    expect([c, d].map(isIn)).toEqual([true, false]);
    leave(a);
    expect([c, d].map(isIn)).toEqual([true, true]);
    leave(c);
    leave(d);
    expect(admission.counts).toEqual({ request: 0, upload: 0, waiting: 0 });
  });

  it('is nobody more when too many wait, whatever they wait for', () => {
    const { enter } = door();
    const inside = [enter(), enter(), enter('upload')];
    expect([enter(), enter('upload')].map(isIn)).toEqual([false, false]);
    expect([enter().answer, enter('upload').answer]).toEqual(['full', 'full']);
    expect(inside.every(isIn)).toBe(true);
  });

  it('is an upload beside as many requests as there may be', () => {
    const { enter } = door();
    enter();
    enter();
    expect(isIn(enter('upload'))).toBe(true);
    expect(isIn(enter('upload'))).toBe(false);
  });

  it('is told when it waited too long, and its place in the queue is free again', () => {
    const { enter, admission, time } = door();
    const a = enter();
    enter();
    const early = enter();
    time.ms = 50;
    const later = enter();
    time.ms = 100;
    admission.expire();
    expect([early.answer, later.answer]).toEqual(['late', undefined]);
    expect(admission.counts.waiting).toBe(1);
    leave(a);
    expect(isIn(later)).toBe(true);
  });

  it('is not one who has gone away meanwhile', () => {
    const { enter, admission, time } = door();
    const a = enter();
    enter();
    const gone = enter();
    const next = enter();
    gone.giveUp?.();
    gone.giveUp?.();
    expect(admission.counts.waiting).toBe(1);
    leave(a);
    leave(a);
    expect([isIn(gone), isIn(next)]).toEqual([false, true]);
    time.ms = 1_000;
    admission.expire();
    expect(gone.answer).toBeUndefined();
    expect(admission.counts).toEqual({ request: 2, upload: 0, waiting: 0 });
  });

  it('counts a place once, however often it is given back', () => {
    const { enter, admission } = door();
    const a = enter();
    leave(a);
    leave(a);
    expect(admission.counts.request).toBe(0);
    enter();
    enter();
    expect(isIn(enter())).toBe(false);
  });
});
