"""The post: writes a mail when it goes out, and hands it to the mail server over a few connections."""

from services.notifications.gateway.mail import SendMail, write
from services.notifications.gateway.post import Directory, MailAnswered, Post
from services.notifications.gateway.smtp import Courier, Letter, connection

__all__ = ["Courier", "Directory", "Letter", "MailAnswered", "Post", "SendMail", "connection", "write"]
