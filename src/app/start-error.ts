export type StartFault =
  | 'data_in_use'
  | 'data_unreachable'
  | 'other_log'
  | 'postgres_failed'
  | 'postgres_missing'
  | 'postgres_version'
  | 'secret_key'
  | 'streams'
  | 'streams_listen';

/** Why the server does not start, in one line for whoever started it. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    readonly fault: StartFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
