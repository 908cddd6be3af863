import type { ResourceLimits } from 'node:worker_threads';

/**
 * What a thread of ours may take for young objects, in MiB, of which it uses two thirds. What it
 * works on lies in buffers, outside of that; left to itself each thread takes 128, a doubling at a
 * time, as hours of commits go by.
 */
export const threadLimits: ResourceLimits = { maxYoungGenerationSizeMb: 48 };
