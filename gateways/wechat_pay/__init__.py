"""WeChat Pay, API v3, for merchants with contracts of their own, and shipping notices of mini-programs.

Source: 微信支付商户文档中心, https://pay.weixin.qq.com/doc/v3/merchant/4012062524.
"""
