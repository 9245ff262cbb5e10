"""One module per question: reads its queries, measures, and says in words and charts what a page shows.

A topic returns `Summary`, `Chart` and `Table` values; pages put them in order, `view` draws them.
"""
