import { Controller } from '@nestjs/common';
import type { UserRecord } from '../auth/authenticator.js';
import { CurrentUser } from './caller.js';
import { AUTH_CAPABILITIES, CURRENT_USER } from './openapi/answer-schemas.js';
import { Serves } from './serves.js';
import { userJson } from './wire.js';

@Controller()
export class UserController {
  @Serves('getCurrentUser', { answers: CURRENT_USER })
  current(@CurrentUser() user: UserRecord | null) {
    return userJson(user);
  }

  @Serves('getAuthCapabilities', { answers: AUTH_CAPABILITIES })
  capabilities() {
    return { invite_user: false };
  }
}
