// A small service, as far as an ingest endpoint can tell.

const AGENT = "dt-metrics/0.1.0";

const METADATA = [
  '#shop.orders count dt.meta.unit=1,dt.meta.description="Orders taken"',
  '#shop.checkout.duration gauge dt.meta.unit=ms,dt.meta.description="From click to receipt",dt.meta.displayName="Checkout duration"',
  '#shop.carts.open gauge dt.meta.unit=1,dt.meta.description="Carts with something in them"',
  '#shop.payment.errors count dt.meta.unit=1,dt.meta.description="Payments that failed"',
  '#process.memory.resident gauge dt.meta.unit=By,dt.meta.description="Memory in use"',
];

const REGIONS = ["eu-central", "us-east", "ap-south"];

function lines(second) {
  const wave = (period, shift = 0) => 1 + Math.sin((second + shift) / period) + Math.random() / 3;
  const all = [];
  REGIONS.forEach((region, index) => {
    const orders = Math.round(40 * wave(9, 4 * index));
    all.push(`shop.orders,region=${region} count,delta=${orders}`);
    const mean = 80 + 60 * wave(7, 3 * index);
    all.push(`shop.checkout.duration,region=${region} gauge,min=${(mean / 3).toFixed(2)},max=${(mean * 2.5).toFixed(2)},sum=${(mean * orders).toFixed(2)},count=${orders || 1}`.replace(/sum=0\.00/, `sum=${mean.toFixed(2)}`));
    all.push(`shop.carts.open,region=${region} gauge,${Math.round(300 * wave(13, index))}`);
  });
  for (const provider of ["card", "invoice", "wallet"]) {
    all.push(`shop.payment.errors,provider=${provider},retried=false count,delta=${Math.round(3 * Math.random())}`);
    all.push(`shop.payment.errors,provider=${provider},retried=true count,delta=${Math.round(5 * Math.random())}`);
  }
  all.push(`process.memory.resident,host=laptop gauge,${Math.round(48e6 + 4e6 * wave(20))}`);
  return all;
}

export async function post(origin, body) {
  const response = await fetch(`${origin}/api/v2/metrics/ingest`, {
    method: "POST",
    headers: { "Content-Type": "text/plain; charset=utf-8", "User-Agent": AGENT },
    body,
  });
  await response.text();
  return response.status;
}

/** Sends every second until it is told to stop. */
export function start(origin) {
  let second = 0;
  const push = () => {
    const body = [...(second === 0 ? METADATA : []), ...lines(second)];
    second += 1;
    post(origin, body.join("\n"));
  };
  push();
  const timer = setInterval(push, 1000);
  return () => clearInterval(timer);
}

/** A gauge that says which round it is; the first of all rows. */
export const ROUND = "load.a_round";

/** Lines of ten thousand series, a body for each thousand; the last tells the round. */
export function many(round) {
  return Array.from({ length: 10 }, (_, part) => {
    const lines = Array.from({ length: 1000 }, (_, number) => `load.test,series=s${part * 1000 + number} count,delta=${round + 1}`);
    if (part === 9) lines[0] = `${ROUND} gauge,${round}`;
    return lines.join("\n");
  });
}
