/**
 * Has glibc give the buffers of range files back to the system when they are freed. Left to itself
 * it keeps them, in pieces that fit nothing: memory then grows by hundreds of megabytes an hour of
 * commits (`npm run bench -- soak`). It reads this only where a process begins, so this one begins
 * anew, with the same id; where that cannot be done it goes on as it is.
 */
export function giveMemoryBack(process: NodeJS.Process): void {
  if (process.platform !== 'linux' || process.env[THRESHOLD] !== undefined) return;
  const { execPath, execArgv, argv } = process;
  const env = { ...process.env, [THRESHOLD]: String(KEPT_BYTES_MAX) };
  process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], env);
}

/** mallopt(3), M_MMAP_THRESHOLD: also ends its growing by itself. */
const THRESHOLD = 'MALLOC_MMAP_THRESHOLD_';
const KEPT_BYTES_MAX = 256 * 1024;
