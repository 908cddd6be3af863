/** What runs in the page at `/docs`. Text goes into the page as text, never as markup. */
export const PAGE_SCRIPT = String.raw`'use strict';
const make = (name, fields = {}, ...children) => {
  const element = Object.assign(document.createElement(name), fields);
  element.append(...children);
  return element;
};
const byId = (id) => document.getElementById(id);

const schemaText = (schema, components, depth = 0) => {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return depth > 4 ? name : schemaText(components.schemas[name], components, depth + 1);
  }
  const end = schema.nullable ? ' | null' : '';
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(' | ') + end;
  if (schema.items) return '[' + schemaText(schema.items, components, depth + 1) + ', …]' + end;
  const pad = '  '.repeat(depth + 1);
  if (schema.properties) {
    const required = new Set(schema.required || []);
    const lines = Object.entries(schema.properties).map(([name, each]) =>
      pad + name + (required.has(name) ? '' : '?') + ': ' +
      schemaText(each, components, depth + 1));
    return '{\n' + lines.join('\n') + '\n' + '  '.repeat(depth) + '}' + end;
  }
  if (schema.additionalProperties) {
    return '{ any name: ' + schemaText(schema.additionalProperties, components, depth + 1) + ' }';
  }
  return (schema.format || schema.type || 'anything') + end;
};

const boundsText = ({ minimum, maximum, minLength, maxLength, pattern, default: usual }) => [
  minimum === undefined ? '' : 'from ' + minimum,
  maximum === undefined ? '' : 'to ' + maximum,
  minLength === undefined ? '' : 'at least ' + minLength + ' characters',
  maxLength === undefined ? '' : 'at most ' + maxLength + ' characters',
  pattern === undefined ? '' : pattern,
  usual === undefined ? '' : 'usually ' + usual,
].filter(Boolean).join(', ');

const parameterRow = (parameter, components) => {
  const input = make('input', { autocomplete: 'off', spellcheck: false });
  input.dataset.in = parameter.in;
  input.dataset.name = parameter.name;
  const about = [parameter.description, boundsText(parameter.schema)].filter(Boolean).join('; ');
  const name = parameter.name + (parameter.required ? '' : '?');
  return make('tr', {},
    make('td', {}, make('code', { textContent: name })),
    make('td', { textContent: parameter.in }),
    make('td', { textContent: schemaText(parameter.schema, components) }),
    make('td', { textContent: about }),
    make('td', {}, input));
};

const requestOf = (form, path, method) => {
  const query = new URLSearchParams();
  const headers = new Headers();
  let url = path;
  for (const input of form.querySelectorAll('input[data-in]')) {
    const { in: place, name } = input.dataset;
    if (place === 'path') url = url.replace('{' + name + '}', encodeURIComponent(input.value));
    else if (input.value === '') continue;
    else if (place === 'query') query.append(name, input.value);
    else headers.set(name, input.value);
  }
  const [id, secret] = [byId('key').value, byId('secret').value];
  if (id !== '') {
    const bytes = new TextEncoder().encode(id + ':' + secret);
    headers.set('authorization', 'Basic ' + btoa(String.fromCharCode(...bytes)));
  }
  const body = form.querySelector('textarea');
  const init = { method, headers, redirect: 'manual', cache: 'no-store' };
  if (body && body.value !== '') {
    init.body = body.value;
    headers.set('content-type', body.dataset.type);
  }
  return [url + (query.size > 0 ? '?' + query : ''), init];
};

const shownBytesMax = 64 * 1024;
const send = async (form, url, method, shown) => {
  const [target, init] = requestOf(form, url, method);
  shown.textContent = '…';
  const started = performance.now();
  try {
    const response = await fetch(target, init);
    const text = await response.text();
    const took = Math.round(performance.now() - started);
    const headers = [...response.headers].map(([name, value]) => name + ': ' + value);
    shown.textContent = [
      method + ' ' + target,
      response.status + ' ' + response.statusText + ', ' + took + ' ms',
      ...headers, '', text.slice(0, shownBytesMax),
    ].join('\n');
  } catch (error) {
    shown.textContent = method + ' ' + target + '\n' + error;
  }
};

const operationPart = (document_, path, method, operation) => {
  const { components, servers } = document_;
  const parts = [make('p', { textContent: operation.description || '' })];
  const form = make('form');
  if (operation.parameters) {
    form.append(make('table', {},
      ...operation.parameters.map((each) => parameterRow(each, components))));
  }
  for (const [type, { schema }] of Object.entries(operation.requestBody?.content || {})) {
    const need = operation.requestBody.required ? '' : ', may be left out';
    form.append(make('h4', { textContent: 'Body: ' + type + need }));
    form.append(make('pre', { textContent: schemaText(schema, components) }));
    if (form.querySelector('textarea')) continue;
    const body = make('textarea', { rows: 4, spellcheck: false });
    body.dataset.type = type;
    form.append(body);
  }
  const shown = make('pre', { className: 'shown' });
  form.append(make('button', { textContent: 'Send' }), shown);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form, servers[0].url + path, method.toUpperCase(), shown);
  });
  const answers = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const schemas = Object.entries(content || {}).map(([type, { schema }]) =>
      make('pre', { textContent: type + '\n' + schemaText(schema, components) }));
    const isRefusal = Number(status) >= 400;
    return make('tr', {},
      make('td', { textContent: status }),
      make('td', { textContent: description }, ...(isRefusal ? [] : schemas)));
  });
  parts.push(form, make('h4', { textContent: 'Answers' }), make('table', {}, ...answers));
  const title = make('summary', {},
    make('b', { className: method, textContent: method.toUpperCase() }),
    ' ', make('code', { textContent: path }), ' ', operation.operationId);
  return make('details', { id: operation.operationId }, title, ...parts);
};

const show = (document_) => {
  byId('about').textContent = document_.info.description;
  byId('title').textContent = document_.info.title + ' ' + document_.info.version;
  const tags = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [tag] = operation.tags;
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push(operationPart(document_, path, method, operation));
    }
  }
  for (const [tag, parts] of tags) {
    byId('operations').append(make('h2', { textContent: tag }), ...parts);
  }
  byId('find').addEventListener('input', ({ target }) => {
    for (const part of document.querySelectorAll('details')) {
      const text = part.querySelector('summary').textContent.toLowerCase();
      part.hidden = !text.includes(target.value.toLowerCase());
    }
  });
  const asked = document.getElementById(location.hash.slice(1));
  if (asked instanceof HTMLDetailsElement) {
    asked.open = true;
    asked.scrollIntoView();
  }
};

fetch('/openapi.json').then((response) => response.json()).then(show);
`;
