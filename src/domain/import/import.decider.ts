import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { ImportCommand } from './import.commands.js';
import type { ImportEvent } from './import.events.js';
import type { ImportState, RunningImport } from './import.state.js';

/**
 * An import as JSON. What it replaces goes into the intent that makes its commit, and an intent
 * that no log can take would never end.
 */
export const IMPORT_BYTES_MAX = 128 * 1024;

/** Times that an import is taken over without coming on: its nodes die of it, most likely. */
export const RESUMES_MAX = 50;

/**
 * An import: a tree is written from its sources, then a branch is asked to take it. The node that
 * works on it says so now and then; told `[]`, it has lost it, to a cancel or to another node.
 */
export const importDecider: Decider<ImportCommand, ImportState, ImportEvent> = {
  initial: { status: 'absent' },

  decide(command, state) {
    if (command.type === 'RequestImport') return request(command, state);
    if (state.status === 'absent') throw new DomainError('import_not_found');
    if (command.type === 'ForgetImport') {
      return state.status === 'forgotten' ? [] : [{ type: 'ImportForgotten' }];
    }
    if (command.type === 'CancelImport') return cancel(state);
    return state.status === 'running' ? decideRunning(command, state) : [];
  },

  evolve(state, event) {
    if (event.type === 'ImportRequested') {
      assert(state.status === 'absent', 'requested once');
      const { type: _, node, ...wish } = event;
      const begun = { ingestedCount: 0, resumedCount: 0, checkpoint: null, tree: null };
      return { status: 'running', wish, node, ...begun };
    }
    if (event.type === 'ImportForgotten') {
      assert(state.status !== 'absent' && state.status !== 'forgotten', 'forgotten once');
      return { status: 'forgotten' };
    }
    assert(state.status === 'running', `${event.type} of an import that does not run`);
    return evolveRunning(state, event);
  },
};

function request(
  command: Extract<ImportCommand, { type: 'RequestImport' }>,
  state: ImportState,
): readonly ImportEvent[] {
  if (state.status !== 'absent') return [];
  const { type: _, ...wish } = command;
  if (Buffer.byteLength(JSON.stringify(wish)) > IMPORT_BYTES_MAX) {
    const reason = `with message and metadata over ${IMPORT_BYTES_MAX} bytes`;
    throw new DomainError('invalid', { field: 'paths', reason });
  }
  return [{ type: 'ImportRequested', ...wish }];
}

function cancel(state: ImportState): readonly ImportEvent[] {
  const isTooLate = state.status === 'running' ? state.tree !== null : state.status === 'completed';
  if (isTooLate) throw new DomainError('import_completed');
  if (state.status === 'forgotten') throw new DomainError('import_not_found');
  return state.status === 'running'
    ? [{ type: 'ImportCancelled', ingestedCount: state.ingestedCount }]
    : [];
}

type WorkCommand = Exclude<
  ImportCommand,
  { type: 'RequestImport' | 'CancelImport' | 'ForgetImport' }
>;

function decideRunning(command: WorkCommand, state: RunningImport): readonly ImportEvent[] {
  const { ingestedCount } = state;
  switch (command.type) {
    case 'ResumeImport':
      if (command.from !== state.node) return [];
      if (state.resumedCount >= RESUMES_MAX) {
        const reason = `given up: begun ${RESUMES_MAX + 1} times and never ended`;
        return [{ type: 'ImportFailed', ingestedCount, reason }];
      }
      return [{ type: 'ImportResumed', node: command.node }];
    case 'ProgressImport':
      if (command.node !== state.node) return [];
      // Behind the whole tree nothing is read any more: who took it over has counted nothing.
      return [
        {
          ...command,
          ingestedCount: state.tree === null ? command.ingestedCount : ingestedCount,
          type: 'ImportProgressed',
        },
      ];
    case 'FinishIngestion':
      if (command.node !== state.node || state.tree !== null) return [];
      return [{ ...command, type: 'ImportIngested' }];
    case 'CompleteImport':
      assert(state.tree !== null, 'a commit needs the whole tree');
      return [{ type: 'ImportCompleted', ingestedCount, commit: command.commit }];
    case 'FailImport':
      // Of a node that lost its import the failure says nothing.
      if (command.node !== state.node) return [];
      return [{ type: 'ImportFailed', ingestedCount, reason: command.reason }];
    default:
      return unreachable(command);
  }
}

type WorkEvent = Exclude<ImportEvent, { type: 'ImportRequested' | 'ImportForgotten' }>;

function evolveRunning(state: RunningImport, event: WorkEvent): ImportState {
  switch (event.type) {
    case 'ImportResumed':
      return { ...state, node: event.node, resumedCount: state.resumedCount + 1 };
    case 'ImportProgressed': {
      const { ingestedCount, checkpoint } = event;
      if (checkpoint === null) return { ...state, ingestedCount };
      return { ...state, ingestedCount, checkpoint, resumedCount: 0 };
    }
    case 'ImportIngested': {
      assert(state.tree === null, 'ingested once');
      const { metaRangeId, ingestedCount, commitDateMs } = event;
      return { ...state, ingestedCount, tree: { metaRangeId, commitDateMs } };
    }
    case 'ImportCompleted':
      assert(state.tree !== null, 'a commit needs the whole tree');
      return { status: 'completed' };
    case 'ImportFailed':
      return { status: 'failed' };
    case 'ImportCancelled':
      assert(state.tree === null, 'a commit that was asked for is not taken back');
      return { status: 'cancelled' };
    default:
      return unreachable(event);
  }
}
