import { DomainError } from '../../domain/errors.js';
import {
  AddressRefused,
  BlockNotFound,
  CorruptData,
  StoreUnavailable,
  UnknownOutcome,
} from '../../ports/store-errors.js';
import { PathRefused } from './imported-objects.js';

/** Returns what to say of an import that cannot be done; undefined: it may go better again. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof StoreUnavailable || error instanceof UnknownOutcome) return undefined;
  if (error instanceof DomainError) {
    return isPassing(error) ? undefined : `merge import: ${error.message}`;
  }
  if (error instanceof CorruptData) return `write range: ${error.message}`;
  const isSource =
    error instanceof AddressRefused ||
    error instanceof BlockNotFound ||
    error instanceof PathRefused;
  if (isSource) return `error on ingest: ${error.message}`;
  const isSystems = error instanceof Error && 'syscall' in error;
  return isSystems ? `error on ingest: ${error.message}` : undefined;
}

const isPassing = ({ code }: DomainError): boolean =>
  code === 'store_busy' || code === 'branch_busy' || code === 'intent_pending';
