import { IsText } from '../json-body.js';

export class LoginInformation {
  @IsText()
  readonly access_key_id!: string;

  @IsText()
  readonly secret_access_key!: string;
}
