import { codeOf } from '../block-adapter/fs-errors.js';
import { ExitCode } from '../cli/exit-code.js';
import { StartError, type StartFault } from './start-error.js';

const codes: Readonly<Record<StartFault, ExitCode>> = {
  data_in_use: ExitCode.dataInUse,
  data_unreachable: ExitCode.postgres,
  other_log: ExitCode.postgres,
  postgres_failed: ExitCode.postgres,
  postgres_missing: ExitCode.postgres,
  postgres_version: ExitCode.postgres,
  secret_key: ExitCode.usage,
  streams: ExitCode.usage,
  streams_listen: ExitCode.listen,
};

/** Says in one line what an error is to whoever runs a command, and what to exit with. */
export function judgeError(error: unknown): { message: string; code: ExitCode } {
  if (error instanceof StartError) return { message: error.message, code: codes[error.fault] };
  const [line = ''] = String(error).split('\n');
  if (isListenError(error)) {
    const message = `cannot listen (${line}); give another address by MORAINE_LISTEN`;
    return { message, code: ExitCode.listen };
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) {
    const message = `${line}; run as the user who made the data folder, or name another folder`;
    return { message: `${message} by MORAINE_DATA`, code: ExitCode.postgres };
  }
  return { message: line, code: ExitCode.failed };
}

function isListenError(error: unknown): boolean {
  if (codeOf(error) === '') return false;
  return (error as { syscall?: unknown }).syscall === 'listen' || codeOf(error) === 'ENOTFOUND';
}
