import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { dumpId, refsDump } from '../../../test/support/samples/import.samples.js';
import { lake, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import { refsTaskDecider, RESUMES_MAX } from './refs-task.decider.js';
import { refsTaskOfStream, refsTaskStream } from './refs-task.stream.js';

const given = specFor(refsTaskDecider);
const requested = {
  type: 'RefsTaskRequested',
  repository: lake.name,
  work: { kind: 'dump' },
  node: 'A',
} as const;
const resume = { type: 'ResumeTask', node: 'B', from: 'A' } as const;
const resumed = { type: 'RefsTaskResumed', node: 'B' } as const;
const complete = { type: 'CompleteTask', node: 'A', refs: refsDump } as const;
const completed = { type: 'RefsTaskCompleted', refs: refsDump } as const;
const fail = { type: 'FailTask', node: 'A', reason: 'gone' } as const;
const failed = { type: 'RefsTaskFailed', reason: 'gone' } as const;
const progress = { type: 'ProgressTask', node: 'A', recordCount: 7 } as const;
const forgotten = { type: 'RefsTaskForgotten' } as const;

describe('a task on refs', () => {
  it('is requested once, however often it is asked for', () => {
    const request = { ...requested, type: 'RequestTask' } as const;
    given().when(request).then(requested);
    given().when(request).thenAgain();
  });

  it('says that it lives while it is its node’s', () => {
    given(requested)
      .when(progress)
      .then({ ...progress, type: 'RefsTaskProgressed' });
    given(requested, resumed).when(progress).then();
    given().when(progress).refused('task_not_found');
  });

  it('goes over to the node that takes it from the one that fell silent, once', () => {
    given(requested).when(resume).then(resumed);
    given(requested).when(resume).thenAgain();
    given(requested, completed).when(resume).then();
  });

  it('is given up when node after node takes it and none ends it', () => {
    const nodes = Array.from({ length: RESUMES_MAX }, (_, at) => `n${at}`);
    const all = nodes.map((node) => ({ type: 'RefsTaskResumed', node }) as const);
    const again = { type: 'ResumeTask', node: 'Z', from: nodes.at(-1) ?? '' } as const;
    const reason = expect.stringContaining('given up') as never;
    given(requested, ...all)
      .when(again)
      .then({ ...failed, reason });
  });

  it('ends once, by the node that has it', () => {
    given(requested).when(complete).then(completed);
    given(requested).when(complete).thenAgain();
    given(requested).when(fail).then(failed);
    given(requested).when(fail).thenAgain();
    given(requested, resumed).when(complete).then();
    given(requested, resumed).when(fail).then();
    given(requested, completed, failed).cannotBe('does not run');
  });

  it('is forgotten in the end', () => {
    given(requested, completed).when({ type: 'ForgetTask' }).then(forgotten);
    given(requested, completed).when({ type: 'ForgetTask' }).thenAgain();
    given(requested, forgotten).when(progress).then();
    given().when({ type: 'ForgetTask' }).refused('task_not_found');
  });

  it('stands in a stream of its repository and id', () => {
    expect(refsTaskOfStream(refsTaskStream(uid, dumpId))).toEqual({ uid, id: dumpId });
    expect(() => refsTaskOfStream('refs-task-short')).toThrow(InvariantError);
  });
});
