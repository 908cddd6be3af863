import type { UserId } from '../model.js';

/** The administrator and their first key pair exist; nobody can set up again. */
export interface InstallationSetUp {
  readonly type: 'InstallationSetUp';
  readonly user: UserId;
  readonly accessKeyId: string;
  /** Sealed with the installation's key: no log and no dump holds it in the clear. */
  readonly sealedSecret: string;
  readonly createdAtMs: number;
}

export type InstallationEvent = InstallationSetUp;
