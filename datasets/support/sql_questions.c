/* The questions of the sql task. Steps: each filter, join, grouping, condition
 * on groups, ordering with limit, and each nested or negated query is one. */
#include "sql.h"

const struct sql_question sql_questions[] = {
    {SCHEMA_SHOP,
     1,
     false,
     "SELECT name FROM customers WHERE city = '{city}'",
     {"[List|Give me] the names of all customers [from|in] {city}.",
      "Which customers live in {city}? Names only.", "names customers {city}",
      "Who do we have in {city}? Just what they are called.",
      "I am sending leaflets to {city} and need the name of every customer there."}},
    {SCHEMA_SHOP,
     1,
     false,
     "SELECT COUNT(*) FROM orders WHERE status = '{status}'",
     {"How many orders have [the status|status] {status}?", "Count the orders that are {status}.",
      "number of {status} orders", "What is the tally of orders marked {status}?",
      "The boss wants a single figure: orders in state {status}."}},
    {SCHEMA_SHOP,
     2,
     false,
     "SELECT id, total_cents FROM orders WHERE status = '{status}' AND placed >= '{day}'",
     {"Id and total of orders that are {status} and were placed on or after {day}.",
      "[Show|List] order id and total_cents for {status} orders from {day} on.",
      "orders {status}, placed >= {day}: id, total_cents",
      "For orders placed no earlier than {day} with status {status} I need the id and what they "
      "came to in cents.",
      "Starting with {day}, which ids and totals do the {status} ones have?"}},
    {SCHEMA_SHOP,
     1,
     false,
     "SELECT MAX(total_cents) FROM orders",
     {"What is the [largest|highest] order total?",
      "Give me the maximum of total_cents over all orders.", "biggest order amount (cents)",
      "How much was the most expensive order, in cents?",
      "Among everything ever ordered, what was the top total?"}},
    {SCHEMA_SHOP,
     2,
     false,
     "SELECT SUM(qty) FROM items WHERE product = '{product}' AND qty >= {n}",
     {"Total quantity of {product} over [item lines|lines] with a qty of at least {n}.",
      "Sum up qty for {product}, counting only lines of {n} or more.",
      "sum qty {product} where qty >= {n}",
      "How many pieces of {product} went out in lines that have {n} pieces or more?",
      "Leaving aside lines under {n} pieces, how many of the {product} were sold in sum?"}},
    {SCHEMA_HOME,
     1,
     false,
     "SELECT COUNT(*) FROM devices WHERE battery < {low}",
     {"How many devices have a battery [below|under] {low}?",
      "Count devices with less than {low} percent battery.", "# devices battery < {low}",
      "In how many devices is the charge lower than {low}?",
      "I order batteries today: number of devices that are under {low}?"}},
    {SCHEMA_HOME,
     2,
     false,
     "SELECT id, battery FROM devices WHERE model = '{product}' AND battery < {low}",
     {"Id and battery of every {product} whose battery is below {low}.",
      "Which {product} devices are under {low}? [Show|Give] id and battery.",
      "{product} with battery < {low}, id + battery",
      "From the model {product}, give the ids with their charge where it is less than {low}.",
      "Our fitter changes cells of the {product} only. Which ids are lower than {low}, and at what "
      "level?"}},
    {SCHEMA_HOME,
     1,
     false,
     "SELECT DISTINCT kind FROM events WHERE day >= '{day2}'",
     {"Which [different|distinct] kinds of event were there [since|from] {day2}?",
      "List every kind of event from {day2} on, once each.", "distinct event kinds >= {day2}",
      "What sorts of events occurred on {day2} or after, without repeats?",
      "As of {day2}, what types do we see in the events? One row a type."}},
    {SCHEMA_DESK,
     1,
     false,
     "SELECT id FROM tickets WHERE closed IS NULL",
     {"[Which|What] tickets are still open? Ids.",
      "Give the ids of tickets that were never closed.", "open ticket ids",
      "Everything without a closing date: id please.",
      "For the morning round I want the numbers of the tickets nobody has closed so far."}},
    {SCHEMA_DESK,
     2,
     false,
     "SELECT COUNT(*) FROM tickets WHERE topic = '{topic}' AND priority <= {p}",
     {"How many {topic} tickets have priority {p} or [lower|below] as a number?",
      "Count tickets on {topic} with priority at most {p}.", "count topic={topic}, priority <= {p}",
      "What number of tickets concern {topic} at a priority value not over {p}?",
      "Tickets about {topic} where the priority figure does not exceed {p}, how many are they?"}},
    {SCHEMA_DESK,
     2,
     false,
     "SELECT topic, COUNT(*) FROM tickets WHERE closed IS NULL GROUP BY topic",
     {"Open tickets [by|per] topic: topic and number.",
      "For each topic, how many tickets are not closed yet? Leave out topics without any.",
      "topic, count of open tickets",
      "Break the unclosed tickets down by their topic with a count.",
      "What topics keep tickets open, and how many of them each?"}},

    {SCHEMA_SHOP,
     3,
     false,
     "SELECT c.name, o.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.city = "
     "'{city}' AND o.status = '{status}'",
     {"Name of the customer and order id for [all|every] {status} order from {city}.",
      "[List|Show] customers in {city} with the ids of their {status} orders (name, id).",
      "name + order id, city {city}, status {status}",
      "Whose orders from {city} are {status}? One row per order with the person's name and the "
      "order id.",
      "People in {city} call about orders that are {status}; I need who and which id."}},
    {SCHEMA_SHOP,
     3,
     false,
     "SELECT c.name, COUNT(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id "
     "HAVING COUNT(*) >= {n}",
     {"Customers with [at least|no fewer than] {n} orders: name and number of orders.",
      "Who ordered {n} times or more? Name and how often.", "name, order count, only count >= {n}",
      "Give every customer who placed {n} or more orders, with that count.",
      "We thank regulars: who came {n} times at the least, and how many times was it?"}},
    {SCHEMA_SHOP,
     4,
     true,
     "SELECT product, SUM(qty * unit_cents) AS revenue FROM items GROUP BY product HAVING SUM(qty) "
     ">= {n} ORDER BY revenue DESC, product LIMIT 3",
     {"Top 3 products by revenue (qty times unit_cents) among those with {n} or more pieces sold; "
      "product and revenue, highest first, ties by product.",
      "Which three products brought in the most, counting qty * unit_cents, if at least {n} pieces "
      "went? Product, revenue, descending, then product.",
      "top3 product,revenue (qty*unit_cents) where sum(qty) >= {n}, desc, tie product",
      "Rank products by the money they made (qty x unit_cents) and give the first three with the "
      "sum, the best on top and ties by name; skip those under {n} pieces in total.",
      "For the window display: our three best earning products with their takings in cents, best "
      "first, equal ones alphabetically, each having sold {n} pieces or more."}},
    {SCHEMA_SHOP,
     3,
     false,
     "SELECT c.plan, SUM(o.total_cents) FROM customers c JOIN orders o ON o.customer_id = c.id "
     "WHERE o.placed >= '{day}' GROUP BY c.plan",
     {"Sum of order totals [per|by] plan for orders placed from {day} on: plan, sum.",
      "How much did customers of each plan order since {day}, in cents? Plan and total.",
      "plan, sum(total_cents), placed >= {day}",
      "Split what was ordered on or after {day} by the plan of the buyer.",
      "I want to see which plan spends what: cents in orders from {day} onwards against the "
      "plan."}},
    {SCHEMA_HOME,
     3,
     false,
     "SELECT h.id, COUNT(*) FROM homes h JOIN devices d ON d.home_id = h.id WHERE d.battery < "
     "{low} GROUP BY h.id",
     {"For each home, the number of devices with battery below {low}: home id, count. Homes "
      "without any are left out.",
      "Home ids and how many of their devices are under {low} [percent|battery].",
      "home id, # devices battery < {low}",
      "Which homes have weak devices (less than {low}), and how many apiece?",
      "Plan my tour: home id with the count of devices lower than {low}, only homes that have "
      "some."}},
    {SCHEMA_HOME,
     4,
     false,
     "SELECT d.model, COUNT(*) FROM devices d JOIN events e ON e.device_id = d.id WHERE e.kind = "
     "'{kind}' AND e.day >= '{day2}' GROUP BY d.model",
     {"How many {kind} events since {day2} [per|by] model? Model and count.",
      "Count events of kind {kind} from {day2} on for every device model.",
      "model, count {kind} events, day >= {day2}",
      "Show how often each model had a {kind} event on or after {day2}.",
      "Is one model worse than others? Give me models and their number of {kind} events, nothing "
      "before {day2}."}},
    {SCHEMA_HOME,
     3,
     false,
     "SELECT d.id FROM devices d WHERE d.model = '{product}' AND NOT EXISTS (SELECT 1 FROM events "
     "e WHERE e.device_id = d.id)",
     {"Ids of {product} devices [without any|that never had an] event.",
      "Which devices of model {product} have no events at all?", "{product} ids no events",
      "I look for the silent ones: every {product} not found in the events, by id.",
      "Has any {product} never reported a thing? Its id please."}},
    {SCHEMA_DESK,
     3,
     false,
     "SELECT a.name, COUNT(*) FROM agents a JOIN tickets t ON t.agent_id = a.id WHERE t.closed IS "
     "NULL GROUP BY a.id",
     {"Open tickets [per|for each] agent: name and count (agents with none are left out).",
      "Which agents still have unclosed tickets and how many? Name, number.",
      "agent name, open count",
      "For everyone on the desk who has something open, the name and how much.",
      "Let me see the load: names with the number of tickets not closed, no zero rows."}},
    {SCHEMA_DESK,
     3,
     false,
     "SELECT t.id FROM tickets t JOIN agents a ON a.id = t.agent_id WHERE a.team = '{team}' AND "
     "t.topic = '{topic}'",
     {"Ticket ids on {topic} [handled by|of] the {team} team.",
      "What tickets about {topic} do agents of team {team} have? Ids.",
      "ids topic {topic}, team {team}",
      "Give the id of each ticket whose agent is in {team} and whose topic is {topic}.",
      "How far does {team} deal with {topic}? I need the ticket numbers."}},
    {SCHEMA_DESK,
     4,
     true,
     "SELECT topic, AVG(julianday(closed) - julianday(opened)) AS days FROM tickets WHERE closed "
     "IS NOT NULL AND priority <= {p} GROUP BY topic ORDER BY days DESC, topic",
     {"Average days from opened to closed [per|by] topic, closed tickets of priority {p} or less; "
      "topic and average, longest first, ties by topic.",
      "How long do closed tickets with a priority of at most {p} take on average? Topic, days, "
      "slowest topic first, then topic.",
      "topic, avg(closed-opened) days, priority <= {p}, closed only, desc then topic",
      "For each topic the mean number of days until closing, among priority values not over {p}; "
      "sort by it, largest on top, equal ones by topic.",
      "Where are we slow? Topic with mean days to close (closed ones with priority up to {p}), "
      "starting with the worst and alphabetical on ties."}},

    {SCHEMA_SHOP,
     5,
     false,
     "SELECT c.name, SUM(i.qty) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items "
     "i ON i.order_id = o.id WHERE o.status <> '{status}' AND i.product = '{product}' GROUP BY "
     "c.id",
     {"For each customer the pieces of {product} in orders that are not {status}: name, sum of "
      "qty.",
      "How many {product} did everybody buy, leaving out {status} orders? Name and pieces.",
      "name, sum qty {product}, status <> {status}",
      "Tell me who has {product} and how many, where {status} orders do not count.",
      "Recall of the {product}: names and number of pieces, except from orders marked {status}."}},
    {SCHEMA_SHOP,
     6,
     true,
     "SELECT c.name, SUM(o.total_cents) AS spent FROM customers c JOIN orders o ON o.customer_id = "
     "c.id WHERE o.status <> '{status}' GROUP BY c.id HAVING spent > (SELECT AVG(total_cents) FROM "
     "orders) ORDER BY spent DESC, c.name",
     {"Customers whose sum of orders (without {status} ones) is above the average total of all "
      "orders: name, sum, largest first, then name.",
      "Who spent more in orders not {status} than an average order of the whole table comes to? "
      "Name and sum, descending, ties by name.",
      "name, sum(total) excl {status}, > avg(total) of all orders, desc, name",
      "Take each customer's total apart from {status} orders and keep those beyond the mean of "
      "every order; name and total, from the top, equal ones by name.",
      "Find our big spenders: their orders, except {status} ones, add up to over the mean order "
      "value. Show who and how much, most first and names on ties."}},
    {SCHEMA_SHOP,
     5,
     false,
     "SELECT c.city, COUNT(DISTINCT c.id) FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders "
     "o WHERE o.customer_id = c.id AND o.status = '{status}' AND o.placed >= '{day}') GROUP BY "
     "c.city",
     {"Per city the number of customers who have no {status} order from {day} on: city, count.",
      "How many customers in each city placed no order since {day} that is {status}? City and "
      "number.",
      "city, # customers without {status} order placed >= {day}",
      "Count, city by city, the people for whom nothing {status} exists dated {day} or later.",
      "In which cities do customers live who, as of {day}, do not have a single {status} order, "
      "and how many are they?"}},
    {SCHEMA_SHOP,
     5,
     false,
     "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id JOIN items i ON "
     "i.order_id = o.id WHERE c.city = '{city}' GROUP BY o.id HAVING SUM(i.qty * i.unit_cents) <> "
     "o.total_cents",
     {"Orders from {city} [where|whose] item lines (qty * unit_cents) do not add up to "
      "total_cents: id.",
      "Which order ids in {city} have a total that differs from the sum of their items?",
      "order ids {city}, sum(qty*unit_cents) != total_cents",
      "Check {city}: ids of orders with lines, for which the lines' sum is not what the total "
      "says.",
      "Accounting suspects wrong totals in {city}. Give the ids at which the items say another "
      "amount than the order."}},
    {SCHEMA_HOME,
     6,
     false,
     "SELECT h.city, COUNT(*) FROM homes h JOIN devices d ON d.home_id = h.id JOIN events e ON "
     "e.device_id = d.id WHERE e.kind = '{kind}' AND h.plan <> '{plan}' GROUP BY h.city HAVING "
     "COUNT(*) >= {n}",
     {"Cities with {n} or more {kind} events in homes not on {plan}: city, number.",
      "In which cities did homes outside the {plan} plan have at least {n} {kind} events? City and "
      "count.",
      "city, count {kind}, plan <> {plan}, having >= {n}",
      "Number of {kind} events by city, ignoring {plan} homes, and only from {n} upwards.",
      "Except for homes with {plan}, where do {kind} events pile up ({n} at the least), and to how "
      "many?"}},
    {SCHEMA_HOME,
     5,
     false,
     "SELECT d.id FROM devices d WHERE EXISTS (SELECT 1 FROM events e WHERE e.device_id = d.id AND "
     "e.kind = '{kind}') AND NOT EXISTS (SELECT 1 FROM events e WHERE e.device_id = d.id AND "
     "e.kind = '{kind2}') AND d.battery >= {low}",
     {"Ids of devices that had a {kind} event but [never|no] {kind2}, with battery {low} or more.",
      "Which devices with at least {low} battery show {kind} and not {kind2} in the events?",
      "device ids: {kind} yes, {kind2} no, battery >= {low}",
      "List the ids having {kind} events, no {kind2} ones, and a charge of not less than {low}.",
      "A weak battery (under {low}) explains some. For the rest: which ids had {kind} without ever "
      "having {kind2}?"}},
    {SCHEMA_HOME,
     5,
     false,
     "SELECT d.home_id, d.id FROM devices d WHERE d.battery = (SELECT MIN(x.battery) FROM devices "
     "x WHERE x.home_id = d.home_id) AND d.home_id IN (SELECT home_id FROM devices GROUP BY "
     "home_id HAVING COUNT(*) >= 2)",
     {"In each home with two or more devices, the device with the lowest battery (all on ties): "
      "home_id, id.",
      "Home id and id of the weakest device by battery, per home, only homes that have at least 2 "
      "devices. Ties: all.",
      "home_id, id of min battery per home, homes with >= 2 devices, keep ties",
      "Every home owning more than one device: which device is lowest in charge there? Give home "
      "and device id, several if equal.",
      "The fitter swaps one cell a home, the emptiest, if there is not just a single device. Show "
      "home_id and id, equal ones too."}},
    {SCHEMA_DESK,
     5,
     true,
     "SELECT a.name, COUNT(*) AS n FROM agents a JOIN tickets t ON t.agent_id = a.id WHERE "
     "t.closed IS NOT NULL AND julianday(t.closed) - julianday(t.opened) <= 5 GROUP BY a.id ORDER "
     "BY n DESC, a.name",
     {"Per agent the tickets closed within 5 days of opening: name, number, most first, then name "
      "(no zero rows).",
      "Who closed how many tickets in five days or fewer? Name and count, descending, ties by "
      "name.",
      "name, count closed <= 5 days, desc, name",
      "Rank the desk by tickets that were opened and closed inside 5 days, with the count, ties "
      "alphabetically.",
      "For the bonus I need each agent's number of tickets that took no more than five days until "
      "closing, best on top, names decide ties."}},
    {SCHEMA_DESK,
     6,
     false,
     "SELECT a.team, COUNT(t.id) FROM agents a LEFT JOIN tickets t ON t.agent_id = a.id AND "
     "t.topic = '{topic}' AND (t.closed IS NULL OR t.closed > '{day2}') GROUP BY a.team",
     {"For every team, also those with none, the {topic} tickets that are open or were closed "
      "after {day2}: team, number.",
      "How many {topic} tickets per team were not closed by {day2}? Team and count, zero included.",
      "team, count {topic} not closed by {day2}, incl 0",
      "Show each team with its {topic} tickets that had no closing date up to {day2}, zeros too.",
      "Where did {topic} stand at the end of {day2}, going by tickets not closed then (whenever "
      "opened)? All teams with their count, be it 0."}},
    {SCHEMA_DESK,
     5,
     false,
     "SELECT t.id FROM tickets t WHERE t.closed IS NULL AND t.priority = (SELECT MIN(x.priority) "
     "FROM tickets x WHERE x.agent_id = t.agent_id AND x.closed IS NULL) AND t.topic <> '{topic}'",
     {"Open tickets, not on {topic}, that have the lowest priority number among all open ones of "
      "the same agent: ids.",
      "For each agent find the smallest priority number of the open tickets; list ids of open "
      "tickets with that number, {topic} left out afterwards.",
      "ids open, priority = min of agent's open tickets, topic <> {topic}",
      "Which unclosed tickets are first in line (least priority value of their agent's unclosed "
      "ones) and not about {topic}? Id.",
      "Everyone should take up what is most pressing in their pile, 1 being first. Which ids is "
      "that, dropping those on {topic}?"}},
    {SCHEMA_SHOP,
     1,
     false,
     "SELECT COUNT(DISTINCT customer_id) FROM orders",
     {"How many [different|distinct] customers have placed an order?",
      "Count the customers with any order at all.", "distinct customers in orders, count",
      "What number of people ever bought something, everyone counted once?",
      "One figure please: buyers in the orders, no matter how often they came."}},
    {SCHEMA_SHOP,
     2,
     false,
     "SELECT city, COUNT(*) FROM customers WHERE plan = '{plan}' GROUP BY city",
     {"[Number|Count] of {plan} customers [per|by] city: city, count.",
      "In each city, how many customers are on {plan}?", "city, count where plan {plan}",
      "Split our {plan} people up by city and count them.",
      "Where do those with {plan} live? City and how many."}},
    {SCHEMA_HOME,
     2,
     true,
     "SELECT id, battery FROM devices ORDER BY battery DESC, id LIMIT {n}",
     {"The {n} devices with the [fullest|highest] battery: id and battery, highest first, ties by "
      "id.",
      "Show id and battery of the top {n} by battery, then id.",
      "top {n} battery, id + battery, desc, tie id",
      "Which {n} devices are charged best? Give id and level from the top, equal ones by id.",
      "I want to praise {n} cells: the devices with most charge in descending order (id decides "
      "ties), id and charge."}},
    {SCHEMA_DESK,
     2,
     false,
     "SELECT name FROM agents WHERE team <> '{team}' AND name < 'N'",
     {"Names of agents [outside|not in] the {team} team whose name comes before the letter N.",
      "Agents that are not {team} and are in the first half of the alphabet (name < 'N'): name.",
      "names not {team}, name < 'N'",
      "Everybody from A up to, not including, N who is in another team than {team}.",
      "For the first training group: names below 'N', {team} excepted."}},
    {SCHEMA_DESK,
     1,
     false,
     "SELECT MIN(opened) FROM tickets WHERE closed IS NULL",
     {"Since when has the oldest open ticket been [open|waiting]? Date.",
      "What is the earliest opened date of the tickets not closed?", "min opened, open ones",
      "Give the date of the longest waiting unclosed ticket.",
      "How far back does our backlog of unclosed tickets go, as a date?"}},
    {SCHEMA_SHOP,
     4,
     false,
     "SELECT c.city, SUM(i.qty) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items "
     "i ON i.order_id = o.id GROUP BY c.city HAVING SUM(i.qty) >= {n}",
     {"Pieces sold per city, only cities with {n} or more: city, sum of qty.",
      "How many items went to each city? Leave out cities under {n} pieces.",
      "city, sum(qty), having >= {n}",
      "City by city the quantity of goods we delivered, provided that it is {n} at the least.",
      "Where is our stuff? Cities and the number of pieces, from {n} pieces up."}},
    {SCHEMA_HOME,
     4,
     false,
     "SELECT h.city, AVG(d.battery) FROM homes h JOIN devices d ON d.home_id = h.id WHERE h.plan = "
     "'{plan}' AND d.model <> '{product}' GROUP BY h.city",
     {"Mean battery by city for homes on {plan}, {product} devices left out: city, average.",
      "What is the average battery in each city, homes with {plan} only and without counting any "
      "{product}?",
      "city, avg battery, plan {plan}, model <> {product}",
      "For {plan} homes tell me city and typical (mean) charge; the {product} does not count.",
      "How charged are things under {plan}, per city on average, if I disregard the {product}?"}},
    {SCHEMA_DESK,
     6,
     true,
     "SELECT a.team, COUNT(*) AS n FROM agents a JOIN tickets t ON t.agent_id = a.id WHERE "
     "t.priority <= {p} AND t.opened >= '{day2}' AND t.topic <> '{topic}' GROUP BY a.team ORDER BY "
     "n DESC, a.team",
     {"Tickets of priority {p} or less opened from {day2} on, other than {topic}, per team: team, "
      "number, most first, then team.",
      "By team, how many non-{topic} tickets with priority at most {p} came in on or after {day2}? "
      "Descending, ties by team.",
      "team, count, priority <= {p}, opened >= {day2}, not {topic}, desc, team",
      "Who got what since {day2}: teams with the number of tickets up to priority {p}, {topic} "
      "aside, busiest on top and alphabetical if equal.",
      "Staffing: count per team whatever was opened no earlier than {day2} with a priority value "
      "of {p} or lower and is not {topic}; sort by the count downwards, then the team."}},
};
const int sql_question_count = sizeof sql_questions / sizeof *sql_questions;
