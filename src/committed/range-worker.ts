// The thread on which large ranges are built. It does no I/O: bytes in, bytes out.
import { parentPort } from 'node:worker_threads';
import { assert } from '../shared/assert.js';
import { RangeRewriter } from './range-rewriter.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import { countOf } from './rewrite-session.js';

const port = parentPort;
const sessions = new Map<number, RangeRewriter>();

port?.on('message', (message: ToWorker) => {
  const { session } = message;
  try {
    answer(handle(message));
  } catch (error) {
    sessions.delete(session);
    const { name, message: text } = error instanceof Error ? error : new Error(String(error));
    answer({ session, kind: 'failed', name, message: text });
  }
});

function answer(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function handle(message: ToWorker): FromWorker {
  const { session } = message;
  const rewriter = sessions.get(session);
  switch (message.kind) {
    case 'open':
      sessions.set(session, opened(session, message.parameters));
      break;
    case 'drop':
      sessions.delete(session);
      break;
    case 'openBase':
      rewriter?.openBase(message.base);
      break;
    case 'change':
      rewriter?.change(message.batch);
      break;
    case 'closeBase':
      rewriter?.closeBase();
      break;
    case 'end': {
      assert(rewriter, 'a session is ended once');
      const counts = rewriter.end();
      sessions.delete(session);
      return { session, kind: 'ended', counts };
    }
  }
  return { session, kind: 'done' };
}

function opened(
  session: number,
  parameters: ConstructorParameters<typeof RangeRewriter>[0],
): RangeRewriter {
  const rewriter: RangeRewriter = new RangeRewriter(parameters, (range) => {
    const hasChanges = countOf(rewriter.counts) > 0;
    answer({ session, kind: 'range', range, hasChanges }, [range.file.buffer as ArrayBuffer]);
  });
  return rewriter;
}
