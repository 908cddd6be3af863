import { Controller, Get, Header } from '@nestjs/common';
import { ApiDocument } from './openapi/api-document.js';
import { PAGE, PAGE_STYLE } from './openapi/page.js';
import { PAGE_SCRIPT } from './openapi/page-script.js';

/** Runs and loads what this server gives it, talks to this server, and is framed by nobody. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What this edge says of itself, and a page to read and try it. Open to anybody. */
@Controller()
export class DocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json')
  @Header('x-content-type-options', 'nosniff')
  json(): string {
    return this.document.json;
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  @Header('x-content-type-options', 'nosniff')
  @Header('referrer-policy', 'no-referrer')
  page(): string {
    return PAGE;
  }

  @Get('docs/page.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  script(): string {
    return PAGE_SCRIPT;
  }

  @Get('docs/page.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  style(): string {
    return PAGE_STYLE;
  }
}
