// What the figures were taken on.
import { availableParallelism, cpus, release, totalmem } from 'node:os';

export const machine = {
  cores: availableParallelism(),
  cpu: cpus()[0]?.model,
  memoryMb: Math.round(totalmem() / 2 ** 20),
  kernel: release(),
  node: process.version,
};
