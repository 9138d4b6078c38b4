// Drives the simulated Jira with jira.js, which checks every answer against its own schemas.
//
// JIRA_URL, JIRA_ACCOUNT and JIRA_TOKEN say where and as whom. Everything needed is made here, so that any simulated
// Jira will do. AUDIT_SCHEMAS=true also refuses fields that jira.js does not know.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { createCloudClient } from 'jira.js';

const host = process.env.JIRA_URL;
const email = process.env.JIRA_ACCOUNT;
const apiToken = process.env.JIRA_TOKEN;
const jira = createCloudClient({ host, auth: { type: 'basic', email, apiToken }, onSchemaMismatch: 'throw' });

const text = (words, ...marks) => ({ type: 'text', text: words, ...(marks.length && { marks }) });
const paragraph = (...inline) => ({ type: 'paragraph', content: inline });
const document = (...content) => ({ type: 'doc', version: 1, content });

/** A comment with everything that a bot's comment has. */
const findings = (verdict) => {
  const cell = (node) => ({ type: 'tableCell', attrs: {}, content: [paragraph(node)] });
  const status = { type: 'status', attrs: { text: 'FAILED', color: 'red', localId: '', style: '' } };
  const mention = { type: 'mention', attrs: { id: '712020:dana', text: '@Dana Reyes' } };
  const table = { type: 'table', content: [{ type: 'tableRow', content: [cell(text('Review')), cell(status)] }] };
  const link = { type: 'link', attrs: { href: 'https://change.acme.example/c/1' } };
  return document(
    { type: 'panel', attrs: { panelType: 'error' }, content: [paragraph(text(verdict, { type: 'strong' }), mention)] },
    { type: 'orderedList', content: [{ type: 'listItem', content: [paragraph(text('Ask a reviewer.'))] }] },
    { type: 'expand', attrs: { title: 'All 9 checks' }, content: [table] },
    { type: 'rule' },
    paragraph(text('7c9e11f2', { type: 'code' }), text(' full evidence', link)),
  );
};

/** Fails unless the call is refused with this status; answers what Jira said. */
const refused = async (status, call) => {
  const error = await call().then(
    () => assert.fail(`expected ${status}`),
    (error) => error,
  );
  assert.equal(error.status, status, error.message);
  return error.message;
};

const ids = {};
let ticket;

before(async () => {
  for (const field of await jira.issueFields.getFields()) {
    if (field.custom) ids[field.name] = field.id;
  }
  ticket = await create('Deploy billing-api to prod-us');
});

function create(summary, fields = {}) {
  const issuetype = { name: 'Change' };
  return jira.issues.createIssue({ fields: { project: { key: 'PRODCM' }, issuetype, summary, ...fields } });
}

test('the server says that it is a Cloud', async () => {
  assert.equal((await jira.serverInfo.getServerInfo()).deploymentType, 'Cloud');
});

test('the bot is an active account', async () => {
  const me = await jira.myself.getCurrentUser();
  assert.equal(me.accountId, '712020:cm-bot');
  assert.equal(me.active, true);
  assert.equal(me.emailAddress, email);
});

test('a wrong token is refused', async () => {
  const auth = { type: 'basic', email, apiToken: 'wrong' };
  const stranger = createCloudClient({ host, auth, onSchemaMismatch: 'throw' });
  await refused(401, () => stranger.myself.getCurrentUser());
});

test('permissions must be named, and are told', async () => {
  const permissions = 'BROWSE_PROJECTS,ADD_COMMENTS,EDIT_OWN_COMMENTS,TRANSITION_ISSUES,EDIT_ALL_COMMENTS';
  const told = (await jira.permissions.getMyPermissions({ permissions, projectKey: 'PRODCM' })).permissions;
  assert.equal(told.TRANSITION_ISSUES.havePermission, true);
  assert.equal(told.EDIT_ALL_COMMENTS.havePermission, false);
  await refused(400, () => jira.permissions.getMyPermissions({}));
  assert.match(await refused(400, () => jira.permissions.getMyPermissions({ permissions: 'FLY' })), /Unrecognized/);
});

test('the project has its components', async () => {
  const project = await jira.projects.getProject({ projectIdOrKey: 'PRODCM' });
  assert.equal(project.id, '10010');
  assert.ok(project.components.length > 0);
  await refused(404, () => jira.projects.getProject({ projectIdOrKey: 'NOPE' }));
});

test('the change fields and the system field of a similar name are listed', async () => {
  const fields = await jira.issueFields.getFields();
  assert.ok(fields.find((field) => field.name === 'Environment' && !field.custom));
  const named = ['Target environment', 'Repository', 'Commit', 'Branch', 'Build job', 'Build number', 'Artifact'];
  named.push('Deploy action', 'Justification', 'Rollback plan', 'Links', 'Security scan', 'Change class');
  for (const name of named) assert.match(ids[name], /^customfield_101\d\d$/, name);
});

test('an issue is read by id and by key, with names, schema, changelog and properties', async () => {
  await jira.issueProperties.setIssueProperty({ issueIdOrKey: ticket.key, propertyKey: 'chbot', body: { a: 1 } });
  const expand = ['names', 'schema', 'changelog'].join(',');
  const issue = await jira.issues.getIssue({ issueIdOrKey: ticket.id, expand, properties: ['chbot'] });
  assert.equal(issue.key, ticket.key);
  assert.equal(issue.names[ids.Commit], 'Commit');
  assert.equal(issue.schema[ids['Target environment']].type, 'option');
  assert.deepEqual(issue.properties, { chbot: { a: 1 } });
  assert.equal(issue.fields.status.name, 'Awaiting approval');
  assert.equal(issue.fields.reporter.accountId, '712020:cm-bot');
  assert.ok(Array.isArray(issue.changelog.histories));
  const short = await jira.issues.getIssue({ issueIdOrKey: ticket.key, fields: ['summary', 'status'] });
  assert.deepEqual(Object.keys(short.fields).sort(), ['status', 'summary']);
  await refused(404, () => jira.issues.getIssue({ issueIdOrKey: 'PRODCM-99999' }));
});

test('fields are edited, and the changelog says who changed what', async () => {
  const { key } = await create('Before');
  const fields = {
    summary: 'After',
    [ids.Commit]: 'a'.repeat(40),
    [ids['Change class']]: { value: 'emergency' },
    [ids.Justification]: document(paragraph(text('Because.'))),
  };
  await jira.issues.editIssue({ issueIdOrKey: key, notifyUsers: false, fields });
  const issue = await jira.issues.getIssue({ issueIdOrKey: key });
  assert.equal(issue.fields[ids['Change class']].value, 'emergency');
  assert.equal(issue.fields[ids.Justification].type, 'doc');
  const page = await jira.issues.getChangeLogs({ issueIdOrKey: key });
  assert.equal(page.isLast, true);
  assert.equal(page.values[0].author.accountId, '712020:cm-bot');
  const items = Object.fromEntries(page.values[0].items.map((item) => [item.fieldId, item]));
  assert.equal(items.summary.fromString, 'Before');
  assert.equal(items[ids['Change class']].toString, 'emergency');
  assert.match(items[ids['Change class']].to, /^\d+$/);
});

test('what cannot be edited is refused', async () => {
  const edit = (fields) => refused(400, () => jira.issues.editIssue({ issueIdOrKey: ticket.key, fields }));
  assert.match(await edit({ status: { name: 'Approved' } }), /cannot be set/);
  assert.match(await edit({ customfield_99999: 'x' }), /cannot be set/);
  assert.match(await edit({ [ids['Target environment']]: { value: 'nowhere' } }), /is not valid/);
  assert.match(await edit({ [ids.Justification]: 'a string' }), /Atlassian Document/);
});

test('only possible transitions are offered and made', async () => {
  const { key } = await create('To be approved');
  const issue = { issueIdOrKey: key };
  const offered = async () => (await jira.issues.getTransitions(issue)).transitions.map((one) => [one.id, one.name]);
  assert.deepEqual(await offered(), [['11', 'Approve'], ['21', 'Decline'], ['41', 'Close']]);
  await refused(400, () => jira.issues.doTransition({ ...issue, transition: { id: '31' } }));
  const fields = { resolution: { name: 'Done' } };
  await refused(400, () => jira.issues.doTransition({ ...issue, transition: { id: '11' }, fields }));
  await jira.issues.doTransition({ ...issue, transition: { id: '11' } });
  assert.deepEqual(await offered(), [['31', 'Back to review'], ['41', 'Close']]);
  await refused(400, () => jira.issues.doTransition({ ...issue, transition: { id: '11' } }));
  await jira.issues.doTransition({ ...issue, transition: { id: '41' } });
  assert.deepEqual(await offered(), []);
  const { values } = await jira.issues.getChangeLogs(issue);
  const moves = values.flatMap((entry) => entry.items).map((item) => `${item.fromString} > ${item.toString}`);
  assert.deepEqual(moves, ['Awaiting approval > Approved', 'Approved > Closed']);
  assert.deepEqual(values[0].items[0].to, '10202');
  const paged = await jira.issues.getChangeLogs({ ...issue, startAt: 0, maxResults: 1 });
  assert.equal(paged.isLast, false);
  assert.ok(paged.nextPage.startsWith(host));
});

test('a comment is written, found by its property and edited', async () => {
  const { key } = await create('To be commented');
  const issue = { issueIdOrKey: key };
  const properties = [{ key: 'change-bot', value: { evaluation: 1 } }];
  const made = await jira.issueComments.addComment({ ...issue, body: findings('Blocked.'), properties });
  assert.equal(made.author.accountId, '712020:cm-bot');
  const plain = await jira.issueComments.getComments({ ...issue, orderBy: '-created' });
  assert.equal(plain.total, 1);
  assert.equal(plain.comments[0].properties, undefined);
  const full = await jira.issueComments.getComments({ ...issue, expand: 'properties' });
  assert.deepEqual(full.comments[0].properties, properties);
  const keys = await jira.issueCommentProperties.getCommentPropertyKeys({ commentId: made.id });
  assert.deepEqual(keys.keys.map((one) => one.key), ['change-bot']);
  const found = await jira.issueCommentProperties.getCommentProperty({ commentId: made.id, propertyKey: 'change-bot' });
  assert.deepEqual(found.value, { evaluation: 1 });
  const body = { body: findings('Superseded.'), properties: [{ key: 'change-bot', value: 2 }] };
  const edited = await jira.issueComments.updateComment({ ...issue, id: made.id, notifyUsers: false, body });
  assert.equal(edited.id, made.id);
  assert.equal(edited.body.content[0].content[0].content[0].text, 'Superseded.');
  await jira.issueCommentProperties.setCommentProperty({ commentId: made.id, propertyKey: 'other', body: { a: 3 } });
  const all = await jira.issueComments.getComment({ ...issue, id: made.id, expand: 'properties' });
  assert.deepEqual(all.properties, [{ key: 'change-bot', value: 2 }, { key: 'other', value: { a: 3 } }]);
});

test('comments that Jira would refuse are refused', async () => {
  const issueIdOrKey = ticket.key;
  const add = (body) => refused(400, () => jira.issueComments.addComment({ issueIdOrKey, body }));
  const inner = { type: 'expand', attrs: { title: 'a' }, content: [paragraph(text('a'))] };
  assert.match(await add(document({ type: 'expand', attrs: { title: 'b' }, content: [inner] })), /may not hold/);
  assert.match(await add(document(paragraph(text('')))), /may not be empty/);
  assert.match(await add(document(paragraph(text('x'.repeat(33_000))))), /CONTENT_LIMIT_EXCEEDED/);
  const response = await fetch(`${host}/rest/api/3/issue/${issueIdOrKey}/comment`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${email}:${apiToken}`)}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ body: 'a string' }),
  });
  assert.equal(response.status, 400);
  assert.equal((await response.json()).errors.comment, 'Comment body is not valid!');
});

test('a remote link is made once and then replaced as a whole', async () => {
  const issue = { issueIdOrKey: ticket.key, globalId: 'system=cm-bot&id=1' };
  const object = { url: 'https://change.acme.example/c/1', title: 'Evidence' };
  const made = await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({
    ...issue, object: { ...object, summary: 'Blocked' }, relationship: 'evidence', application: { name: 'cm-bot' },
  });
  const again = await jira.issueRemoteLinks.createOrUpdateRemoteIssueLink({ ...issue, object });
  assert.equal(again.id, made.id);
  const links = await jira.issueRemoteLinks.getRemoteIssueLinks({ issueIdOrKey: ticket.key });
  assert.equal(links.length, 1);
  assert.equal(links[0].relationship, undefined);
  assert.deepEqual(links[0].object, object);
});

test('the search answers ids, lags behind, and reconciles', async () => {
  const component = (await jira.projects.getProject({ projectIdOrKey: 'PRODCM' })).components[0].name;
  const { id } = await create('To be found', { components: [{ name: component }] });
  const jql = `project = PRODCM AND component = "${component}" AND status in ("Awaiting approval", Approved) ORDER BY key`;
  const search = (more) => jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql, ...more });
  const found = await search({ reconcileIssues: [Number(id)] });
  assert.deepEqual(found.issues[0], { id });
  const full = await search({ reconcileIssues: [Number(id)], fields: ['summary', 'status'], expand: 'names' });
  assert.equal(full.issues[0].fields.summary, 'To be found');
  assert.equal(full.names.summary, 'Summary');
  const byQuery = await jira.issueSearch.searchAndReconsileIssuesUsingJql({ jql, reconcileIssues: [Number(id)], fields: ['*all'] });
  assert.equal(byQuery.issues[0].id, id);
});

test('the search gives pages', async () => {
  const made = [await create('Page one'), await create('Page two')];
  const reconcileIssues = made.map(({ id }) => Number(id));
  const jql = `key in (${made.map(({ key }) => key).join(', ')})`;
  const first = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql, reconcileIssues, maxResults: 1 });
  assert.equal(first.isLast, false);
  const { nextPageToken } = first;
  const more = { jql, reconcileIssues, maxResults: 1, nextPageToken };
  const second = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost(more);
  assert.equal(second.isLast, true);
  assert.equal(second.nextPageToken, undefined);
  assert.notEqual(first.issues[0].id, second.issues[0].id);
});

test('searches that Jira refuses are refused', async () => {
  const search = (jql) => refused(400, () => jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql }));
  assert.match(await search('ORDER BY created'), /Unbounded/);
  assert.match(await search('project = NOPE'), /does not exist for the field 'project'/);
  assert.match(await search('colour = red'), /Field 'colour' does not exist/);
  const old = await fetch(`${host}/rest/api/3/search?jql=project=PRODCM`, {
    headers: { Authorization: `Basic ${btoa(`${email}:${apiToken}`)}` },
  });
  assert.equal(old.status, 410);
});
