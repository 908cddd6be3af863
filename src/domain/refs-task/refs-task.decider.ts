import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { RefsTaskCommand } from './refs-task.commands.js';
import type { RefsTaskEvent } from './refs-task.events.js';
import type { RefsTaskState, RunningRefsTask } from './refs-task.state.js';

/** Times that a task is taken over: its nodes die of it, most likely. */
export const RESUMES_MAX = 50;

/**
 * A dump or a restore of a repository's refs, as somebody waits for it. The node that works on it
 * says so now and then; told `[]`, it has lost it to another.
 */
export const refsTaskDecider: Decider<RefsTaskCommand, RefsTaskState, RefsTaskEvent> = {
  initial: { status: 'absent' },

  decide(command, state) {
    if (command.type === 'RequestTask') {
      return state.status === 'absent' ? [{ ...command, type: 'RefsTaskRequested' }] : [];
    }
    if (state.status === 'absent') throw new DomainError('task_not_found');
    if (command.type === 'ForgetTask') {
      return state.status === 'forgotten' ? [] : [{ type: 'RefsTaskForgotten' }];
    }
    return state.status === 'running' ? decideRunning(command, state) : [];
  },

  evolve(state, event) {
    if (event.type === 'RefsTaskRequested') {
      assert(state.status === 'absent', 'requested once');
      const { repository, work, node } = event;
      return { status: 'running', repository, work, node, resumedCount: 0 };
    }
    if (event.type === 'RefsTaskForgotten') {
      assert(state.status !== 'absent' && state.status !== 'forgotten', 'forgotten once');
      return { status: 'forgotten' };
    }
    assert(state.status === 'running', `${event.type} of a task that does not run`);
    switch (event.type) {
      case 'RefsTaskResumed':
        return { ...state, node: event.node, resumedCount: state.resumedCount + 1 };
      case 'RefsTaskProgressed':
        return state;
      case 'RefsTaskCompleted':
        return { status: 'completed' };
      case 'RefsTaskFailed':
        return { status: 'failed' };
      default:
        return unreachable(event);
    }
  },
};

function decideRunning(
  command: Exclude<RefsTaskCommand, { type: 'RequestTask' | 'ForgetTask' }>,
  { node, resumedCount }: RunningRefsTask,
): readonly RefsTaskEvent[] {
  if (command.type === 'ResumeTask') {
    if (command.from !== node) return [];
    if (resumedCount >= RESUMES_MAX) {
      const reason = `given up: begun ${RESUMES_MAX + 1} times and never ended`;
      return [{ type: 'RefsTaskFailed', reason }];
    }
    return [{ type: 'RefsTaskResumed', node: command.node }];
  }
  if (command.node !== node) return [];
  switch (command.type) {
    case 'ProgressTask':
      return [{ type: 'RefsTaskProgressed', node, recordCount: command.recordCount }];
    case 'CompleteTask':
      return [{ type: 'RefsTaskCompleted', refs: command.refs }];
    case 'FailTask':
      return [{ type: 'RefsTaskFailed', reason: command.reason }];
    default:
      return unreachable(command);
  }
}
