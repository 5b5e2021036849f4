"""One frame of every kind that each dialect has, as short as the kind allows.

Written by hand after the venues' documentation; small enough to be cut at every place.
"""

EXCHANGE: dict[str, bytes] = {
    "l2update": (
        b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","64699.5","0.5"],'
        b'["sell","64700.00","0.00000000"]],"time":"2026-08-09T05:23:42.223540Z"}'
    ),
    "snapshot": (
        b'{"type":"snapshot","product_id":"BTC-USD","asks":[["64700.00","1"]],'
        b'"bids":[["64699.5","0.5"],["64699","2"]],"time":"2026-08-09T05:23:42.000000Z"}'
    ),
    "match": (
        b'{"type":"match","trade_id":10,"maker_order_id":"ac928c66","taker_order_id":"132fb6ae",'
        b'"side":"sell","size":"5.23","price":"400.23","product_id":"BTC-USD","sequence":50,'
        b'"time":"2026-08-09T05:23:42.1Z"}'
    ),
    "last_match": (
        b'{"type":"last_match","trade_id":9,"side":"buy","size":"1","price":"400.22",'
        b'"product_id":"BTC-USD","sequence":49,"time":"2026-08-09T05:20:00Z"}'
    ),
    "ticker": (
        b'{"type":"ticker","sequence":51,"product_id":"BTC-USD","price":"400.23","open_24h":"390",'
        b'"volume_24h":"12.5","low_24h":"380","high_24h":"410","volume_30d":"900","best_bid":"400.22",'
        b'"best_bid_size":"3","best_ask":"400.24","best_ask_size":"4","side":"buy",'
        b'"time":"2026-08-09T05:23:42.100000Z","trade_id":10,"last_size":"5.23"}'
    ),
    "heartbeat": (
        b'{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD",'
        b'"time":"2026-08-09T05:23:43.464459Z"}'
    ),
    "subscriptions": (
        b'{"type":"subscriptions","channels":[{"name":"level2_50","product_ids":["BTC-USD","ETH-USD"],'
        b'"account_ids":null},{"name":"status"}]}'
    ),
    "error": (b'{"type":"error","message":"Failed","reason":"XYZ-USD is not a valid product"}'),
    "status": (
        b'{"type":"status","currencies":[{"id":"BTC"}],'
        b'"products":[{"id":"BTC-USD","status":"online","status_message":""}]}'
    ),
    "received": (
        b'{"type":"received","time":"2026-08-09T05:23:42Z","product_id":"BTC-USD","sequence":10,'
        b'"order_id":"d50ec984","size":"1.34","price":"502.1","side":"buy","order_type":"limit"}'
    ),
    "open": (
        b'{"type":"open","time":"2026-08-09T05:23:42Z","product_id":"BTC-USD","sequence":11,'
        b'"order_id":"d50ec984","price":"502.1","remaining_size":"1.00","side":"buy"}'
    ),
    "done": (
        b'{"type":"done","time":"2026-08-09T05:23:42Z","product_id":"BTC-USD","sequence":12,'
        b'"price":"502.1","order_id":"d50ec984","reason":"filled","side":"buy","remaining_size":"0"}'
    ),
    "change": (
        b'{"type":"change","reason":"STP","time":"2026-08-09T05:23:42Z","sequence":13,'
        b'"order_id":"d50ec984","side":"buy","product_id":"BTC-USD","old_size":"12.2","new_size":"5.2",'
        b'"price":"400.23"}'
    ),
    "activate": (
        b'{"type":"activate","product_id":"test-product","timestamp":"1483736448.299000",'
        b'"stop_type":"entry","side":"buy","stop_price":"80","size":"2","funds":"50"}'
    ),
}
"""Coinbase Exchange, by `type`."""

ADVANCED: dict[str, bytes] = {
    "l2_data update": (
        b'{"channel":"l2_data","timestamp":"2026-08-09T05:23:42.223540862Z","sequence_num":1,"events":'
        b'[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid",'
        b'"event_time":"2026-08-09T05:23:41Z","price_level":"64699.5","new_quantity":"0.00000033"},'
        b'{"side":"offer","event_time":"2026-08-09T05:23:41Z","price_level":"64763.21",'
        b'"new_quantity":"0"}]}]}'
    ),
    "l2_data snapshot": (
        b'{"channel":"l2_data","client_id":"","timestamp":"2026-08-09T05:23:42Z","sequence_num":0,'
        b'"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid",'
        b'"event_time":"1970-01-01T00:00:00Z","price_level":"68900.00","new_quantity":"2.0"},'
        b'{"side":"offer","event_time":"1970-01-01T00:00:00Z","price_level":"68901.00",'
        b'"new_quantity":"0.5"}]}]}'
    ),
    "market_trades update": (
        b'{"channel":"market_trades","timestamp":"2026-08-09T05:23:43Z","sequence_num":2,"events":'
        b'[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"12","price":"65028.16",'
        b'"size":"0.2","time":"2026-08-09T05:23:42.9Z","side":"BUY"},{"product_id":"BTC-USD",'
        b'"trade_id":"11","price":"65028.17","size":"0.1","time":"2026-08-09T05:23:42.8Z",'
        b'"side":"SELL"}]}]}'
    ),
    "market_trades snapshot": (
        b'{"channel":"market_trades","timestamp":"2026-08-09T05:23:43Z","sequence_num":3,"events":'
        b'[{"type":"snapshot","trades":[{"product_id":"BTC-USD","trade_id":"10","price":"65028.16",'
        b'"size":"0.2","time":"2026-08-09T05:20:00Z","side":"BUY"}]}]}'
    ),
    "ticker": (
        b'{"channel":"ticker","timestamp":"2026-08-09T05:23:44Z","sequence_num":4,"events":'
        b'[{"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"65028.16",'
        b'"volume_24_h":"160.2","low_24_h":"64000","high_24_h":"66000","low_52_w":"15460",'
        b'"high_52_w":"90000","price_percent_chg_24_h":"-4.15","best_bid":"65028.15",'
        b'"best_bid_quantity":"8.21","best_ask":"65028.17","best_ask_quantity":"1"}]}]}'
    ),
    "ticker_batch": (
        b'{"channel":"ticker_batch","timestamp":"2026-08-09T05:23:44Z","sequence_num":5,"events":'
        b'[{"tickers":[{"product_id":"BTC-USD","price":"65028.16"}]}]}'
    ),
    "heartbeats": (
        b'{"channel":"heartbeats","timestamp":"2026-08-09T05:23:44Z","sequence_num":6,"events":'
        b'[{"current_time":"2026-08-09 05:23:44.9 +0000 UTC","heartbeat_counter":18573}]}'
    ),
    "subscriptions": (
        b'{"channel":"subscriptions","timestamp":"2026-08-09T05:23:44Z","sequence_num":7,"events":'
        b'[{"subscriptions":{"heartbeats":["heartbeats"],"level2":["BTC-USD"]}}]}'
    ),
    "candles": (
        b'{"channel":"candles","timestamp":"2026-08-09T05:23:44Z","sequence_num":8,"events":'
        b'[{"type":"snapshot","candles":[{"start":"1786269300","high":"3","low":"1","open":"2",'
        b'"close":"2.5","volume":"7","product_id":"BTC-USD"}]}]}'
    ),
    "status": (
        b'{"channel":"status","timestamp":"2026-08-09T05:23:44Z","sequence_num":9,"events":'
        b'[{"type":"snapshot","products":[{"id":"BTC-USD","status":"online"}]}]}'
    ),
    "user": (
        b'{"channel":"user","timestamp":"2026-08-09T05:23:44Z","sequence_num":10,"events":'
        b'[{"type":"snapshot","orders":[{"order_id":"YYY"}]}]}'
    ),
    "futures_balance_summary": (
        b'{"channel":"futures_balance_summary","timestamp":"2026-08-09T05:23:44Z","sequence_num":11,'
        b'"events":[{"type":"snapshot","fcm_balance_summary":{"total_usd_balance":"200.00"}}]}'
    ),
    "error": b'{"type":"error","message":"authentication failure"}',
}
"""Advanced Trade, by `channel` and the event's type where both matter."""

BY_VENUE: dict[str, dict[str, bytes]] = {
    "coinbase-exchange": EXCHANGE,
    "coinbase-advanced": ADVANCED,
}
