import { type CliOption, type OptionValues, UsageError } from './command.js';

export const FOLLOW_OPTION: Readonly<Record<string, CliOption>> = {
  follow: { type: 'boolean', help: 'go on with what comes, until interrupted' },
};

/** @throws UsageError  none was named */
export function folderOf(value: OptionValues[string], option: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`${option} names the folder`);
}

/**
 * Does a round of work, and with `isFollowing` another one after each wait, until that says that
 * it was interrupted.
 */
export async function followed(
  isFollowing: boolean,
  waitForRound: () => Promise<boolean>,
  round: () => Promise<void>,
): Promise<void> {
  await round();
  if (!isFollowing) return;
  while (await waitForRound()) await round();
}
