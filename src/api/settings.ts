import type { CommandId } from '../domain/model.js';
import type { ReadyReport } from './readiness.js';

/** What this edge is told: small slices of the configuration, and what it may not reach itself. */
export abstract class EdgeSettings {
  /** `x.y.z`, digits only: clients read it as integers. */
  abstract readonly version: string;
  abstract readonly blockStore: BlockStoreSettings;
  /** How long an issued physical address can be linked. */
  abstract readonly addressTokenTtlMs: number;
  /** Where clients reach this server; undefined: the `Host` that they ask by. */
  abstract readonly publicUrl: string | undefined;
  /** UTC, epoch. */
  abstract nowMs(): number;
  abstract newCommandId(): CommandId;
  /** How its stores are; left out: asked of the authenticator alone. */
  readonly ready?: () => Promise<ReadyReport>;
}

export interface BlockStoreSettings {
  /** `local` or `s3`: Hadoop's client knows these names. */
  readonly type: string;
  /** A regular expression that every namespace matches. */
  readonly namespaceRule: string;
  readonly namespaceExample: string;
  readonly namespacePrefix: string;
  /** Whether objects may be imported from outside of every namespace. */
  readonly isImportEnabled: boolean;
}

export const LOCAL_BLOCK_STORE: BlockStoreSettings = {
  type: 'local',
  namespaceRule: '^local://',
  namespaceExample: 'local://example-bucket/',
  namespacePrefix: 'local://',
  isImportEnabled: false,
};
