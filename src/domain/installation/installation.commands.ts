import type { UserId } from '../model.js';

export interface SetUpInstallation {
  readonly type: 'SetUpInstallation';
  readonly user: UserId;
  readonly accessKeyId: string;
  readonly sealedSecret: string;
  readonly nowMs: number;
}

export type InstallationCommand = SetUpInstallation;
