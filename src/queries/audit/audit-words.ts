import { AUDIT_OPERATIONS } from '../../projections/audit/audit-record.js';

export type AuditOperation = (typeof AUDIT_OPERATIONS)[number];

/** What operations are called, for those who may not look into the index. */
export const AUDIT_WORDS: readonly AuditOperation[] = AUDIT_OPERATIONS;
