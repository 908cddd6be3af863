import type { Client } from 'pg';
import { ViewSlots } from '../ports/view-slots.js';

export class PostgresViewSlots extends ViewSlots {
  constructor(readonly options: { connect: () => Promise<Client> }) {
    super();
  }
  list = async () => [];
  begin = async () => 0;
  write = async () => undefined;
  compare = async () => ({ differingCount: 0, rows: [] });
  digest = async () => ({ sha256: '', rowCount: 0 });
  swap = async () => ({ isSwapped: false, difference: undefined });
  drop = async () => undefined;
}
