"""Pages of lists that grow while they are read."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    ordering = "-created_at"
    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = 100
