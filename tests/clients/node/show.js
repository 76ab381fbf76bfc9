// The npm package `myob` against the sandbox: every step prints `step<TAB>what came of it`.
//
// Usage: node show.js http://127.0.0.1:PORT
//
// Only the host constants of `myob` are changed.

'use strict';

const fs = require('fs');

const URL = process.argv[2].replace(/\/$/, '');
const plain = require.extensions['.js'];
require.extensions['.js'] = (module, file) => {
  if (!/[\\/]myob[\\/]lib[\\/]authentication\.js$/.test(file)) return plain(module, file);
  const source = fs.readFileSync(file, 'utf8');
  return module._compile(source.replace('https://secure.myob.com', URL), file);
};
const myob = require('myob').default;

const step = (name, what) => console.log(`${name}\t${what}`);
const expect = (condition, what) => {
  if (!condition) throw new Error(`not as expected: ${JSON.stringify(what)}`);
};

async function control(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(`${URL}/sandbox/${path}`, { method, headers, body: text });
  expect(answer.ok, await answer.clone().text());
  return answer;
}

const fault = (action, times = 1) => {
  const match = { method: 'GET', path_prefix: '/Contact/Customer' };
  return control('POST', 'faults', [{ action, match, times }]);
};

// What a call is refused with: the client gives its HTTP library's error, with the answer in it.
async function meets(status, call) {
  try {
    await call();
  } catch (error) {
    expect(error.response && error.response.status === status, String(error));
    const [first] = error.response.data.Errors || [];
    return `\`error.response\` ${status}, ${first ? first.Name : error.response.data.ErrorCode}`;
  }
  throw new Error(`${status} was expected`);
}

// How many requests for customers arrived while `call` ran.
async function requestsOf(call) {
  const all = async () => (await control('GET', 'requests')).json();
  const after = (await all()).length;
  const result = await call();
  const added = (await all()).slice(after).filter(it => it.path.endsWith('/Contact/Customer'));
  return [result, added.length];
}

async function main() {
  step('client', `\`myob\` ${require('myob/package.json').version} (npm)`);
  await control('POST', 'reset');
  // What this client was written for: old keys, a list of company files, a file's user.
  await control('PUT', 'switches', { keys: 'old', business_id_on_redirect: 'never' });

  const options = { clientId: 'sandbox', secret: 'sandbox', username: 'Administrator', password: '' };
  const redirect = 'http://127.0.0.1:1/back';
  const auth = myob({ ...options, apiBase: `${URL}/accountright/` }).authentication;
  const consent = await fetch(auth.getAccessCodeUri(redirect), { redirect: 'manual' });
  const code = new globalThis.URL(consent.headers.get('location')).searchParams.get('code');
  let { token } = await auth.getToken(code, redirect);
  expect(token.access_token && token.refresh_token, token);
  step('authorise', 'consent page, code, tokens; `scope=CompanyFile`');

  const old = token.refresh_token;
  token = await auth.refresh(token);
  expect(token.refresh_token !== old, token);
  step('refresh', 'new access token, new refresh token');

  // A company file exists from its first mention.
  const key = { 'x-myobapi-key': 'sandbox', 'x-myobapi-version': 'v2' };
  const cftoken = Buffer.from('Administrator:').toString('base64');
  const headers = { ...key, authorization: `Bearer ${token.access_token}`, 'x-myobapi-cftoken': cftoken };
  await fetch(`${URL}/accountright/acme`, { headers });
  const root = myob({ ...options, token, apiBase: `${URL}/accountright/` });
  const files = await root.getCompanyFiles();
  // Beside it stands the one whose owner has consented.
  const acme = files.find((file) => file.Uri.endsWith('/acme'));
  expect(files.length === 2 && acme, files);
  expect((await myob({ ...options, token, apiBase: `${URL}/accountright` }).getInfo()).Build, 'info');
  step('company file', '`getCompanyFiles()`, its `Uri` as `apiBase`; `getInfo()`');

  const api = myob({ ...options, token, apiBase: acme.Uri });
  const [gst] = await api.taxCodes.findAll({ filter: "Code eq 'GST'" });
  const income = await api.accounts.findOne({ filter: "Type eq 'Income'" });
  expect(gst.Code === 'GST' && income.UID, [gst, income]);
  expect((await api.employees.findAll()).length === 0, 'employees');
  expect((await api.orderItems.findAll()).length === 0, 'orders');
  await api.jobs.findAll();
  await api.categories.findAll();
  step('list and filter', '`filter` as `$filter`; all its resources');

  for (let at = 0; at < 5; at += 1) {
    await api.contactCustomers.create({ CompanyName: `Customer ${at}`, DisplayID: `C${at}` });
  }
  const page = skip =>
    api.contactCustomers.findAll({ top: 2, skip, orderBy: 'DisplayID', paginate: true });
  const pages = [await page(0), await page(2), await page(4)];
  const names = pages.map(it => it.Items.map(customer => customer.DisplayID).join(' '));
  expect(names.join('|') === 'C0 C1|C2 C3|C4', names);
  expect(pages[0].Count === 5 && pages[0].NextPageLink && !pages[2].NextPageLink, pages);
  step('page', '`top` and `skip`; `Count`, `NextPageLink`');

  const created = await api.contactCustomers.create({ CompanyName: "O'Brien & Söhne", DisplayID: 'NEW' });
  const customer = await api.contactCustomers.findOne({ filter: "DisplayID eq 'NEW'" });
  expect(!created && customer.UID, [created, customer]);
  step('create a customer', '201 without a body; found by a search');

  const item = { Number: 'I-1', Name: 'Work', IsSold: true };
  await api.inventoryItems.create(item);
  const { UID } = await api.inventoryItems.findOne({ filter: "Number eq 'I-1'" });
  await api.invoiceItems.create({
    Number: 'JS-1',
    Date: '2026-07-01T00:00:00',
    Customer: { UID: customer.UID },
    IsTaxInclusive: false,
    Lines: [{ Type: 'Transaction', ShipQuantity: 4, UnitPrice: 25, Item: { UID }, TaxCode: { UID: gst.UID } }],
  });
  step('create an invoice', '201 without a body');

  const [found] = await api.invoiceItems.findAll({ filter: "Number eq 'JS-1'" });
  const invoice = await api.invoiceItems.findById(found.UID);
  expect(invoice.TotalAmount === 110 && invoice.Lines.length === 1, invoice);
  step('read back', 'by number, by UID');

  await api.invoiceItems.update(invoice.UID, { ...invoice, Comment: 'changed' });
  const changed = await api.invoiceItems.findById(invoice.UID);
  expect(changed.Comment === 'changed' && changed.RowVersion !== invoice.RowVersion, changed);
  step('update with RowVersion', '200 without a body, a new version');
  step('409: stale RowVersion', await meets(409, () => api.invoiceItems.update(invoice.UID, invoice)));

  await api.invoiceItems.destroy(invoice.UID);
  await api.contactCustomers.destroy(customer.UID);
  step('delete', 'invoice and customer');
  step('404', await meets(404, () => api.invoiceItems.findById(invoice.UID)));
  step('400', await meets(400, () => api.contactCustomers.create({})));

  // The package takes no callback in its options, and without one it never keeps the new token.
  api.client.callback = async fresh => { api.client.token = fresh; };
  await control('POST', 'tokens/expire');
  const [, tries] = await requestsOf(() => api.contactCustomers.findAll());
  expect(tries === 2, tries);
  step('401: token expired', 'refreshes by itself and asks again');

  const sleepless = myob({ ...options, token: api.client.token, apiBase: acme.Uri });
  await fault('access_denied', 6);
  const denied = await meets(403, () => sleepless.contactCustomers.findAll());
  step('403: AccessDenied', `asks six times, then ${denied}`);
  await fault('rate_limit', 2);
  const [, limited] = await requestsOf(() => sleepless.contactCustomers.findAll());
  expect(limited === 3, limited);
  step('403: RateLimitError', 'asks again every second until it passes');
  await fault('error_500');
  step('500', await meets(500, () => sleepless.contactCustomers.findAll()));
  await fault('gateway_timeout');
  step('504', await meets(504, () => sleepless.contactCustomers.findAll()));

  await control('POST', 'tokens/revoke');
  const refused = await auth.refresh(api.client.token).then(() => null, error => error);
  expect(refused, 'a revoked consent was refreshed');
  expect(refused.status === 400 && refused.context.error === 'invalid_grant', refused);
  step('consent revoked', '`error.context`: invalid_grant');
}

main().catch(error => {
  console.error(error.response ? [error.response.status, error.response.data] : error);
  process.exit(1);
});
