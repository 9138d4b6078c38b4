// Drives the simulated Slack with Slack's own client.
//
// SLACK_URL and SLACK_TOKEN say where and as whom. The default cast of a scene must be there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LogLevel, WebClient } from '@slack/web-api';

const slackApiUrl = `${process.env.SLACK_URL}/api/`;
const options = { slackApiUrl, logLevel: LogLevel.ERROR, retryConfig: { retries: 0 } };
const slack = new WebClient(process.env.SLACK_TOKEN, options);

const CHANGES = 'C0CHANGES';
const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const button = (text, more) => ({ type: 'button', action_id: text, text: { type: 'plain_text', text }, ...more });
const metadata = (key) => ({ event_type: 'change_message', event_payload: { key, ticket: 'PRODCM-412' } });

/** A message with everything that a bot's message has. */
const held = (key) => ({
  channel: CHANGES,
  text: 'Waiting for 1 of 2 approvals: PRODCM-412, billing-api 4.18.2 to prod-us.',
  blocks: [
    section(':hourglass_flowing_sand: *Waiting for 1 of 2 approvals* · <https://acme.example/browse/PRODCM-412|PRODCM-412>'),
    { type: 'section', fields: [{ type: 'mrkdwn', text: '*Security Lead · 0 of 1*\n<!subteam^S0SECLEAD>' }] },
    { type: 'table', rows: [[{ type: 'raw_text', text: 'Action' }], [{ type: 'raw_text', text: 'delete' }]] },
    { type: 'actions', block_id: `decide:${key}`, elements: [button('Review and approve', { style: 'primary', value: key })] },
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'Requested by <@U0DANA>' }] },
  ],
  metadata: metadata(key),
  unfurl_links: false,
  unfurl_media: false,
});

/** Fails unless Slack answers with this error; answers everything that Slack said. */
const refused = async (error, call) => {
  const thrown = await call.then(() => assert.fail(`expected ${error}`), (thrown) => thrown);
  assert.equal(thrown.data?.error, error, thrown.message);
  return thrown.data;
};

test('the token belongs to the bot', async () => {
  const me = await slack.auth.test();
  assert.equal(me.user_id, 'U0CMBOT');
  assert.ok(me.team_id && me.bot_id);
  await refused('invalid_auth', new WebClient('xoxb-wrong', options).auth.test());
  await refused('not_authed', new WebClient(undefined, options).auth.test());
});

test('a message is posted, found by its metadata and updated', async () => {
  const key = `k${Date.now()}`;
  const posted = await slack.chat.postMessage(held(key));
  assert.equal(posted.channel, CHANGES);
  assert.match(posted.ts, /^\d+\.\d{6}$/);
  const history = await slack.conversations.history({ channel: CHANGES, include_all_metadata: true, limit: 50 });
  const found = history.messages.find((message) => message.metadata?.event_payload?.key === key);
  assert.equal(found.ts, posted.ts);
  assert.equal(found.bot_id, (await slack.auth.test()).bot_id);
  const without = await slack.conversations.history({ channel: CHANGES });
  assert.equal(without.messages.find(({ ts }) => ts === posted.ts).metadata.event_payload, undefined);

  const { ts } = posted;
  await slack.chat.update({ channel: CHANGES, ts, text: 'Approved.', blocks: [section('*Approved*')] });
  const updated = await message(ts);
  assert.equal(updated.blocks[0].text.text, '*Approved*');
  assert.equal(updated.metadata.event_payload.key, key);
  assert.equal(updated.edited, undefined);
  await slack.chat.update({ channel: CHANGES, ts, text: 'Approved.' });
  const bare = await message(ts);
  assert.equal(bare.blocks, undefined);
  assert.ok(bare.edited);
});

async function message(ts) {
  const window = { channel: CHANGES, oldest: ts, latest: ts, inclusive: true, include_all_metadata: true };
  return (await slack.conversations.history(window)).messages[0];
}

test('replies stand in the thread and not in the channel', async () => {
  const { ts } = await slack.chat.postMessage(held('thread'));
  const reply = (text) => slack.chat.postMessage({ channel: CHANGES, thread_ts: ts, text, metadata: metadata(text) });
  const first = await reply('one');
  await reply('two');
  const thread = await slack.conversations.replies({ channel: CHANGES, ts, include_all_metadata: true });
  assert.deepEqual(thread.messages.slice(1).map(({ text }) => text), ['one', 'two']);
  assert.equal(thread.messages[0].reply_count, 2);
  assert.equal(thread.messages[1].metadata.event_payload.key, 'one');
  const history = await slack.conversations.history({ channel: CHANGES, limit: 999 });
  assert.ok(!history.messages.some((message) => message.ts === first.ts));
  const answer = { channel: CHANGES, text: 'three', thread_ts: first.ts };
  await refused('cannot_reply_to_message', slack.chat.postMessage(answer));
  await refused('thread_not_found', slack.chat.postMessage({ ...answer, thread_ts: '1.000001' }));
  const { permalink } = await slack.chat.getPermalink({ channel: CHANGES, message_ts: ts });
  assert.equal(permalink, `https://acme.slack.com/archives/${CHANGES}/p${ts.replace('.', '')}`);
});

test('the history gives pages, newest first', async () => {
  const first = await slack.chat.postMessage({ channel: CHANGES, text: 'older' });
  const second = await slack.chat.postMessage({ channel: CHANGES, text: 'newer' });
  assert.ok(second.ts > first.ts);
  const window = { channel: CHANGES, oldest: first.ts, inclusive: true, limit: 1 };
  const one = await slack.conversations.history(window);
  assert.deepEqual([one.messages[0].text, one.has_more], ['newer', true]);
  const two = await slack.conversations.history({ ...window, cursor: one.response_metadata.next_cursor });
  assert.deepEqual([two.messages[0].text, two.has_more], ['older', false]);
});

test('a direct message goes to a conversation with an id of its own', async () => {
  const { channel } = await slack.conversations.open({ users: 'U0DANA' });
  const posted = await slack.chat.postMessage({ channel: 'U0DANA', text: 'Hello' });
  assert.equal(posted.channel, channel.id);
  await refused('channel_not_found', slack.chat.update({ channel: 'U0DANA', ts: posted.ts, text: 'Hi' }));
  await slack.chat.update({ channel: channel.id, ts: posted.ts, text: 'Hi' });
  const seen = { channel: CHANGES, user: 'U0DANA', text: 'Nothing was recorded.' };
  assert.ok((await slack.chat.postEphemeral(seen)).message_ts);
  await refused('user_not_in_channel', slack.chat.postEphemeral({ ...seen, user: 'U0STRANGER' }));
});

test('people, groups and channels are known', async () => {
  const { user } = await slack.users.lookupByEmail({ email: 'priya@acme.example' });
  assert.equal(user.id, 'U0PRIYA');
  assert.equal((await slack.users.info({ user: 'U0PRIYA' })).user.deleted, false);
  await refused('users_not_found', slack.users.lookupByEmail({ email: 'nobody@acme.example' }));
  const { usergroups } = await slack.usergroups.list({ include_users: true });
  assert.deepEqual(usergroups.map(({ handle }) => handle), ['security-leads', 'engineering-leads']);
  assert.deepEqual(usergroups[0].users, ['U0PRIYA']);
  assert.equal((await slack.conversations.info({ channel: CHANGES })).channel.name, 'prod-changes');
  assert.equal((await slack.conversations.info({ channel: 'C0EMERG' })).channel.is_member, true);
});

test('messages that Slack would refuse are refused', async () => {
  const post = (more) => slack.chat.postMessage({ channel: CHANGES, text: 'a', ...more });
  await refused('channel_not_found', post({ channel: 'C0NOWHERE' }));
  await refused('no_text', slack.chat.postMessage({ channel: CHANGES, text: '' }));
  await refused('msg_too_long', post({ text: 'x'.repeat(40_001) }));
  await refused('message_not_found', slack.chat.update({ channel: CHANGES, ts: '1.000001', text: 'a' }));
  const long = await refused('invalid_blocks', post({ blocks: [section('x'.repeat(3001))] }));
  assert.match(long.response_metadata.messages[0], /less than 3001 characters.*\/blocks\/0\/text\/text/);
  const actions = (...elements) => ({ type: 'actions', elements });
  await refused('invalid_blocks', post({ blocks: [actions(button('x'.repeat(76)))] }));
  await refused('invalid_blocks', post({ blocks: [actions(button('a'), button('a'))] }));
  await refused('invalid_blocks', post({ blocks: [{ type: 'alert' }] }));
  await refused('invalid_blocks', post({ blocks: Array(51).fill(section('a')) }));
  const twice = { ...section('a'), block_id: 'same' };
  await refused('invalid_blocks', post({ blocks: [twice, twice] }));
  await refused('invalid_blocks', post({ blocks: [{ ...section('a'), block_id: 'x'.repeat(256) }] }));
  await refused('msg_blocks_too_long', post({ blocks: Array(5).fill(section('x'.repeat(2900))) }));
});

test('a JSON body is as good as a form', async () => {
  const response = await fetch(`${slackApiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.SLACK_TOKEN}`, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(held('json')),
  });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).ok, true);
  const form = new URLSearchParams({ token: process.env.SLACK_TOKEN });
  assert.equal((await (await fetch(`${slackApiUrl}auth.test`, { method: 'POST', body: form })).json()).ok, true);
});
