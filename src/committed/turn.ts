/** Lets the loop run whatever else is due. Nothing in this room works on for longer than a turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Records that are read, encoded or written between two turns: a few milliseconds of them. */
export const TURN_RECORDS_MAX = 1000;
