"use strict";
// An SMSC over npm's smpp, steered over HTTP on loopback. argv[2]: {system_id, password, port?, key?, cert?} as JSON.
// Says {"smpp": port, "http": port} on stdout when both listen, then one line a submit.
//
//   GET  /submits?count=N   the submits so far, as soon as there are N
//   GET  /sessions?count=N  as soon as just so many are bound to receive
//   POST /behave            {DESTINATION or "*": [{status, delay, silent, drop, receipt, state, err, id, over}, ...]}, in turn, the
//                           last repeats; over: the receipt goes to "same" session as the submit, or to the "other" one
//   POST /inject            {source, destination, text} or the fields of a deliver_sm: its answers' command_status; over: N, or
//                           a list of one for each part: the Nth session that is bound to receive; reversed: last part first
//   POST /raw               {hex}: octets as they are
//   POST /unbind, /drop     every link
const fs = require("fs");
const http = require("http");
const smpp = require("smpp");

const options = JSON.parse(process.argv[2]);
const sessions = new Set();
const submits = [];
const waiters = new Set();
let behaviours = {};
const seen = new Map();
let lastId = 0;
let reference = 0;

function changed() {
  for (const waiter of [...waiters]) waiter();
}

function until(condition, then) {
  const look = () => {
    if (!condition()) return false;
    waiters.delete(look);
    then();
    return true;
  };
  if (!look()) waiters.add(look);
}

function receivers() {
  return [...sessions].filter((session) => session.receives);
}

function receiver(over) {
  return receivers()[over || 0];
}

function behaviour(destination) {
  const row = behaviours[destination] || behaviours["*"] || [{}];
  const turn = seen.get(destination) || 0;
  seen.set(destination, turn + 1);
  return row[Math.min(turn, row.length - 1)];
}

function receipt(pdu, id, state, err) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231200 stat:${state} err:${err} text:`;
  return {
    source_addr: pdu.destination_addr,
    source_addr_ton: pdu.dest_addr_ton,
    source_addr_npi: pdu.dest_addr_npi,
    destination_addr: pdu.source_addr,
    dest_addr_ton: pdu.source_addr_ton,
    dest_addr_npi: pdu.source_addr_npi,
    esm_class: 4,
    short_message: text,
  };
}

function deliver(pdu, over) {
  return new Promise((resolve, reject) => {
    const session = typeof over === "object" ? over : receiver(over);
    if (!session) return reject(new Error("nobody is bound to receive"));
    session.on("close", () => reject(new Error("the link ended before the answer")));
    session.deliver_sm(pdu, (answer) => resolve(answer.command_status));
  });
}

function remember(pdu, id, wanted) {
  const message = pdu.short_message.message || (pdu.message_payload || {}).message || "";
  const line = {
    id,
    status: wanted.status || 0,
    source: pdu.source_addr,
    source_ton: pdu.source_addr_ton,
    destination: pdu.destination_addr,
    destination_ton: pdu.dest_addr_ton,
    text: Buffer.isBuffer(message) ? message.toString("latin1") : message,
    udh: (pdu.short_message.udh || []).map((element) => element.toString("hex")),
    sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum].filter((value) => value !== undefined),
    data_coding: pdu.data_coding,
    esm_class: pdu.esm_class,
    validity_period: pdu.validity_period || "",
    registered_delivery: pdu.registered_delivery,
  };
  submits.push(line);
  process.stdout.write(JSON.stringify(line) + "\n");
  changed();
}

async function submitted(session, pdu) {
  const wanted = behaviour(pdu.destination_addr);
  const number = ++lastId;
  const id = wanted.id !== undefined ? wanted.id : number.toString(16).toUpperCase().padStart(8, "0");
  remember(pdu, id, wanted);
  if (wanted.drop) return session.destroy();
  const when = wanted.status ? "none" : wanted.receipt || "after";
  const notice = receipt(pdu, id, wanted.state || "DELIVRD", wanted.err || "000");
  const over = receivers().find((other) => (other === session) === (wanted.over === "same"));
  if (when === "before") await deliver(notice, wanted.over && over).catch(() => {});
  if (wanted.delay) await new Promise((resolve) => setTimeout(resolve, wanted.delay * 1000));
  if (!wanted.silent) session.send(pdu.response({ command_status: wanted.status || 0, message_id: id }));
  if (when === "after") await deliver(notice, wanted.over && over).catch(() => {});
}

function bind(session, pdu) {
  const known = pdu.system_id === options.system_id && pdu.password === options.password;
  session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: "node-smpp" }));
  session.bound = known;
  session.receives = known && pdu.command !== "bind_transmitter";
  changed();
}

function connected(session) {
  sessions.add(session);
  session.on("error", () => session.destroy());
  session.on("close", () => {
    sessions.delete(session);
    changed();
  });
  for (const command of ["bind_transceiver", "bind_receiver", "bind_transmitter"]) {
    session.on(command, (pdu) => bind(session, pdu));
  }
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => session.send(pdu.response(), () => session.close()));
  session.on("submit_sm", (pdu) => {
    if (session.bound) submitted(session, pdu);
    else session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
  });
}

// The library picks the alphabet; we only cut where 140 octets end, as a phone does.
function parts(text) {
  const gsm = smpp.encodings.detect(text) === "ASCII";
  const [whole, part] = gsm ? [160, 153] : [70, 67];
  if (text.length <= whole) return [text];
  return text.match(new RegExp(`[^]{1,${part}}`, "g"));
}

function inject(wanted) {
  if (wanted.text === undefined) {
    if (wanted.short_message_hex !== undefined) wanted.short_message = Buffer.from(wanted.short_message_hex, "hex");
    return Promise.all([deliver(wanted, wanted.over)]);
  }
  const texts = parts(wanted.text);
  reference = (reference + 1) % 256;
  const over = (at) => (Array.isArray(wanted.over) ? wanted.over[at] : wanted.over);
  const order = [...texts.entries()];
  if (wanted.reversed) order.reverse();
  return Promise.all(
    order.map(([at, text]) =>
      deliver({
        source_addr: wanted.source.replace("+", ""),
        source_addr_ton: 1,
        source_addr_npi: 1,
        destination_addr: wanted.destination.replace("+", ""),
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        esm_class: texts.length > 1 ? 0x40 : 0,
        short_message:
          texts.length > 1 ? { udh: Buffer.from([5, 0, 3, reference, texts.length, at + 1]), message: text } : text,
      }, over(at)),
    ),
  );
}

const actions = {
  "POST /behave": (body) => {
    behaviours = body;
    seen.clear();
    return {};
  },
  "POST /inject": async (body) => ({ statuses: await inject(body) }),
  "POST /raw": (body) => {
    receiver().socket.write(Buffer.from(body.hex, "hex"));
    return {};
  },
  "POST /unbind": () => {
    for (const session of sessions) session.unbind();
    return {};
  },
  "POST /drop": () => {
    for (const session of [...sessions]) session.destroy();
    return {};
  },
  "GET /sessions": (_, query) =>
    new Promise((resolve) => until(() => receivers().length === Number(query.get("count")), () => resolve({}))),
  "GET /submits": (_, query) =>
    new Promise((resolve) => {
      const count = Number(query.get("count") || 0);
      until(() => submits.length >= count, () => resolve({ submits }));
    }),
};

const control = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", async () => {
    const action = actions[`${request.method} ${url.pathname}`];
    try {
      const answer = await action(body ? JSON.parse(body) : {}, url.searchParams);
      response.end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(409).end(JSON.stringify({ error: String(error) }));
    }
  });
});

const tls = options.key ? { key: fs.readFileSync(options.key), cert: fs.readFileSync(options.cert) } : {};
const server = smpp.createServer(tls, connected);
server.listen(options.port || 0, "127.0.0.1", () =>
  control.listen(0, "127.0.0.1", () =>
    process.stdout.write(JSON.stringify({ smpp: server.address().port, http: control.address().port }) + "\n"),
  ),
);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0)); // never outlive the test that started us
